"""sRGB to CIE Lab (D65) and back, for arrays."""

import functools

import numpy as np
from jaxtyping import Float, UInt8
from numpy.typing import NDArray

from vitral.nn.color.cie import (
    KNEE,
    LIGHT_OF_RED_GREEN_BLUE,
    LINEAR_KNEE,
    OFFSET,
    RED_GREEN_BLUE_OF_LIGHT,
    SLOPE,
    SRGB_KNEE,
    SRGB_POWER,
    SRGB_SHIFT,
    SRGB_SLOPE,
    WHITE,
)

Array = NDArray[np.float32]


def srgb_to_lab(srgb: Float[NDArray[np.floating], "*n c=3"]) -> Float[NDArray[np.floating], "*n c=3"]:
    """Lightness in [0, 100], and a and b, of sRGB values on [0, 1], in the same floating type.

    Source:
        IEC 61966-2-1:1999; CIE 15:2004, section 8.2.1.
    """
    kind = srgb.dtype
    light = linear(srgb) @ (LIGHT_OF_RED_GREEN_BLUE / WHITE[:, None]).T.astype(kind)
    bent = lightness_function(light)
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_to_srgb(lab: Float[NDArray[np.floating], "*n c=3"]) -> Float[NDArray[np.floating], "*n c=3"]:
    """sRGB values of Lab colors; beyond [0, 1] where sRGB has no such color.

    Source:
        IEC 61966-2-1:1999; CIE 15:2004, section 8.2.1.
    """
    kind = lab.dtype
    y = (lab[..., 0] + 16) / 116
    bent = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    light = light_function(bent) * WHITE.astype(kind)
    return _from_linear(light @ RED_GREEN_BLUE_OF_LIGHT.T.astype(kind)).astype(kind, copy=False)


def levels_to_lab(pixels: UInt8[NDArray[np.uint8], "*n c=3"]) -> Float[Array, "*n c=3"]:
    """Lab of uint8 sRGB pixels, float32; much faster than over the values on [0, 1]."""
    linear_levels = _linear_levels()
    light = linear_levels[pixels] @ (LIGHT_OF_RED_GREEN_BLUE / WHITE[:, None]).T.astype(np.float32)
    bent = lightness_function(light)
    lab = np.empty(pixels.shape, np.float32)
    lab[..., 0] = 116 * bent[..., 1] - 16
    lab[..., 1] = 500 * (bent[..., 0] - bent[..., 1])
    lab[..., 2] = 200 * (bent[..., 1] - bent[..., 2])
    return lab


def luminance(pixels: UInt8[NDArray[np.uint8], "*n c=3"], *, grey: bool = False) -> Float[Array, "*n"]:
    """Luminance Y on [0, 1] of uint8 sRGB pixels.

    Args:
        pixels: the picture, or a part of it.
        grey: red, green and blue are known to be equal: one look-up instead of three.
    """
    levels = _linear_levels()
    if grey:
        return levels[pixels[..., 0]]
    red, green, blue = LIGHT_OF_RED_GREEN_BLUE[1].astype(np.float32)
    found = (levels * red)[pixels[..., 0]]
    found += (levels * green)[pixels[..., 1]]
    found += (levels * blue)[pixels[..., 2]]
    return found


def lightness_function(
    light: Float[NDArray[np.floating], "*n"],
) -> Float[NDArray[np.floating], "*n"]:
    """f of CIE Lab: lightness is 116 f(Y) - 16, with light relative to white."""
    kind = light.dtype.type
    root = np.cbrt(light)
    dark = light <= kind(KNEE**3)
    if dark.any():
        root[dark] = light[dark] / kind(SLOPE) + kind(OFFSET)
    return root


def light_function(
    bent: Float[NDArray[np.floating], "*n"],
) -> Float[NDArray[np.floating], "*n"]:
    """The light, relative to white, of which `lightness_function` gives these values."""
    kind = bent.dtype.type
    light = bent * bent
    light *= bent
    dark = bent <= kind(KNEE)
    if dark.any():
        light[dark] = kind(SLOPE) * (bent[dark] - kind(OFFSET))
    return light


def linear(srgb: Float[NDArray[np.floating], "*n"]) -> Float[NDArray[np.floating], "*n"]:
    """Light of sRGB values on [0, 1]."""
    kind = srgb.dtype.type
    curved = ((np.maximum(srgb, 0) + kind(SRGB_SHIFT)) / kind(1 + SRGB_SHIFT)) ** kind(SRGB_POWER)
    return np.where(srgb > kind(SRGB_KNEE), curved, srgb / kind(SRGB_SLOPE))


def _from_linear(light: NDArray[np.floating]) -> NDArray[np.floating]:
    curved = (1 + SRGB_SHIFT) * np.maximum(light, 0) ** (1 / SRGB_POWER) - SRGB_SHIFT
    return np.where(light > LINEAR_KNEE, curved, light * SRGB_SLOPE)


@functools.cache
def _linear_levels() -> Array:
    """Light of each of the 256 levels."""
    return linear(np.arange(256) / 255).astype(np.float32)


@functools.cache
def levels_of_linear() -> UInt8[NDArray[np.uint8], " 65536"]:
    """The level nearest to each of 65,536 even steps of light; fine enough for the darkest levels."""
    values = _from_linear(np.arange(65536) / 65535)
    return np.rint(values * 255).astype(np.uint8)
