"""Single samples, for pipelines that are not Vitral's."""
