"""One family of errors, and suggestions of the nearest name."""

import pytest

from vitral import core
from vitral.core import VitralError, did_you_mean


@pytest.mark.parametrize(
    "name",
    [
        "OptionError",
        "ShapeError",
        "DataError",
        "ImageError",
        "FileFormatError",
        "TrainingError",
        "MissingExtra",
    ],
)
def test_every_error_is_of_the_family_and_a_value_error(name: str) -> None:
    kind = getattr(core, name)
    assert issubclass(kind, VitralError)
    assert issubclass(kind, ValueError)
    assert str(kind("one sentence")) == "one sentence"


def test_a_near_name_is_suggested() -> None:
    assert did_you_mean("cosin", ["cosine", "step"]) == "; did you mean 'cosine'?"


def test_without_a_near_name_all_are_listed() -> None:
    assert did_you_mean("zzz", ["step", "cosine", "step"]) == "; known: cosine, step"


def test_with_nothing_known_nothing_is_said() -> None:
    assert did_you_mean("zzz", []) == ""
