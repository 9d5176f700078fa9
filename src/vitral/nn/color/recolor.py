"""New colors on the lightness of a picture, inside of what sRGB can show."""

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy.typing import NDArray

from vitral.nn.color.cie import RED_GREEN_BLUE_OF_LIGHT, WHITE
from vitral.nn.color.lab_arrays import levels_of_linear, light_function

# Light of a channel that is cut without a word; half of a level is three times as much, even in the dark.
_SLACK = 5e-5
_HALVINGS = 9
_TOP = np.float32(65535)

Plane = Float[NDArray[np.float32], "*n"]


def recolored(light: Plane, bent: Plane, a: Plane, b: Plane) -> UInt8[NDArray[np.uint8], "*n c=3"]:
    """Pixels of given lightness and color.

    Where sRGB has no such color at this lightness, its chroma is made smaller until there is one;
    lightness and hue stay. So the lightness changes only by the rounding to levels.

    Memory of about 60 bytes per pixel is taken, and strips of some ten thousand pixels are fastest.

    Args:
        light: luminance on [0, 1]; see `luminance`.
        bent: its `lightness_function`.
        a, b: the color of every pixel.
    Returns:
        uint8 sRGB.
    """
    planes = _linear(light, bent, a, b)
    outside = _outside(planes)
    if outside.any():
        share = _largest_share(light[outside], bent[outside], a[outside], b[outside])
        inside = _linear(light[outside], bent[outside], a[outside] * share, b[outside] * share)
        for plane, part in zip(planes, inside, strict=True):
            plane[outside] = part
    made = np.empty((*light.shape, 3), np.uint8)
    levels = levels_of_linear()
    for channel, plane in enumerate(planes):
        plane *= _TOP
        plane += np.float32(0.5)
        made[..., channel] = levels[np.clip(plane, 0, _TOP, out=plane).astype(np.uint16)]
    return made


def _linear(light: Plane, bent: Plane, a: Plane, b: Plane) -> list[Plane]:
    """Light of red, green and blue for luminance, its lightness function, a and b."""
    x = light_function(bent + a * np.float32(1 / 500))
    z = light_function(bent - b * np.float32(1 / 200))
    found: list[Plane] = []
    for row in (RED_GREEN_BLUE_OF_LIGHT * WHITE).astype(np.float32):
        plane = x * row[0]
        plane += light * row[1]
        plane += z * row[2]
        found.append(plane)
    return found


def _outside(planes: list[Plane]) -> Bool[NDArray[np.bool_], "*n"]:
    low = np.minimum(np.minimum(planes[0], planes[1]), planes[2])
    high = np.maximum(np.maximum(planes[0], planes[1]), planes[2])
    return (low < -_SLACK) | (high > 1 + _SLACK)


def _largest_share(light: Plane, bent: Plane, a: Plane, b: Plane) -> Plane:
    """By which share of its chroma each color comes into the gamut; by halving, from the inside."""
    share = np.zeros_like(light)
    for halving in range(1, _HALVINGS + 1):
        trial = share + np.float32(0.5**halving)
        fits = ~_outside(_linear(light, bent, a * trial, b * trial))
        share = np.where(fits, trial, share)
    return share
