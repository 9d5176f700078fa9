"""The letters that name array axes everywhere in Vitral, defined once.

Shapes in annotations are written with these letters, for example
`Float[Tensor, "b c h w"]`. Pixel *i* covers [i, i + 1), so its center lies at i + 0.5;
points and boxes live in that continuous frame and boxes are `x0 y0 x1 y1`.
"""

AXES: dict[str, str] = {
    "b": "pictures in a batch",
    "c": "channels",
    "h": "rows, in pixels",
    "w": "columns, in pixels",
    "k": "classes",
    "n": "boxes or other items of one picture",
    "d": "latent numbers",
}

IGNORE = -100
"""Class number of a target that no loss and no metric counts."""
