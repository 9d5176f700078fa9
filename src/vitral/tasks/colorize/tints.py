"""What a picture is without its colors, and under one flat color: what a colorizer must beat."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.nn.color import levels_to_lab, lightness_function, luminance, recolored

_STRIP_PIXELS = 2**16

Pixels = UInt8[NDArray[np.uint8], "h w c=3"]


def strips(pixels: Pixels) -> Iterator[slice]:
    """Rows that are worked on at a time."""
    rows = max(1, _STRIP_PIXELS // pixels.shape[1])
    return (slice(top, min(top + rows, len(pixels))) for top in range(0, len(pixels), rows))


def grey_of(pixels: Pixels) -> Pixels:
    """The picture without its colors, at the same lightness."""
    return tinted(pixels, 0.0, 0.0)


def tinted(pixels: Pixels, a: float, b: float) -> Pixels:
    """The lightness of a picture under one color for all of it."""
    made = np.empty_like(pixels, order="C")
    for rows in strips(pixels):
        light = luminance(pixels[rows])
        planes = (np.full_like(light, value) for value in (a, b))
        made[rows] = recolored(light, lightness_function(light), *planes)
    return made


def flat_tint_of(pixels: Pixels) -> Pixels:
    """The lightness of a picture under the mean of its own colors."""
    total = np.zeros(2)
    for rows in strips(pixels):
        total += levels_to_lab(pixels[rows])[..., 1:].sum((0, 1), dtype=np.float64)
    a, b = (total / (pixels.shape[0] * pixels.shape[1])).tolist()
    return tinted(pixels, a, b)
