"""`resize`: bring a region to another size, antialiased where it shrinks."""

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

_UNCHANGED = np.ones(1, dtype=np.float32)


def resize(pixels: UInt8[NDArray[np.uint8], "h w c=3"], height: int, width: int) -> NDArray[np.uint8]:
    """Bring a picture to height x width; every pixel counts when it shrinks.

    From a factor of three on, and at whole factors, pixels are averaged by area. Otherwise a
    kernel of three pixels per axis prefilters and bilinear interpolation does the rest, in less
    than half of the time: the kernel (a, 1 - 2a, a) with a = (s^2 - 1) / 24 for a factor s has
    the variance that an average over s pixels has.

    Args:
        pixels: uint8, at least one pixel.
        height: rows of the result, at least 1.
        width: columns of the result, at least 1.
    Returns:
        uint8 of height x width x 3; the picture itself when it has that size already.
    """
    tall, wide = pixels.shape[:2]
    if (tall, wide) == (height, width):
        return pixels
    whole = tall % height == 0 and wide % width == 0
    if whole or tall >= 3 * height or wide >= 3 * width:
        # Averaging by area only works while no axis grows.
        smaller = min(wide, width), min(tall, height)
        pixels = np.asarray(cv2.resize(pixels, smaller, interpolation=cv2.INTER_AREA), np.uint8)
    elif tall > height or wide > width:
        kernels = _prefilter(wide / width), _prefilter(tall / height)
        pixels = np.asarray(cv2.sepFilter2D(pixels, -1, *kernels), np.uint8)
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _prefilter(factor: float) -> NDArray[np.float32]:
    if factor <= 1:
        return _UNCHANGED
    side = (factor * factor - 1) / 24
    return np.array([side, 1 - 2 * side, side], dtype=np.float32)
