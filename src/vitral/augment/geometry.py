"""What a homography shows of a picture, and how large."""

import math

import numpy as np
from numpy.typing import NDArray

from vitral.core.undecoded import Box

LINEAR_SCALE = 1.3
"""Pixels of the picture per pixel made, up to which four neighbors are enough; beyond, they are averaged."""


def seen(matrix: NDArray[np.float64], height: int, width: int, shape: tuple[int, ...]) -> Box:
    """The smallest upright box that holds what a homography shows of a picture.

    Args:
        matrix: from (x, y, 1) of the result to (x, y, 1) of the picture, up to a factor.
        height: rows of the result.
        width: columns of the result.
        shape: height and width of the picture.
    Returns:
        x0 y0 x1 y1, perhaps beyond the picture; the whole picture where the horizon can be seen.
    """
    # Plain numbers: NumPy takes longer to begin than these few products take.
    (a, b, c), (d, e, f), (g, h, k) = matrix.tolist()
    xs, ys = [], []
    for u, v in ((0, 0), (width, 0), (0, height), (width, height)):
        depth = g * u + h * v + k
        if depth <= 0:
            return 0.0, 0.0, float(shape[1]), float(shape[0])
        xs.append((a * u + b * v + c) / depth)
        ys.append((d * u + e * v + f) / depth)
    return min(xs), min(ys), max(xs), max(ys)


def scales(matrix: NDArray[np.float64], height: int, width: int) -> tuple[float, float]:
    """How many pixels of the picture, along x and along y, a step of one pixel covers in the middle."""
    (a, b, c), (d, e, f), (g, h, k) = matrix.tolist()
    u, v = width / 2, height / 2
    depth = g * u + h * v + k
    x, y = (a * u + b * v + c) / depth, (d * u + e * v + f) / depth
    return math.hypot(a - x * g, b - x * h) / abs(depth), math.hypot(d - y * g, e - y * h) / abs(depth)


def shrunk_size(
    matrix: NDArray[np.float64], height: int, width: int, shape: tuple[int, ...]
) -> tuple[int, int]:
    """The height and width at which a picture is sampled; smaller than it where it would alias."""
    tall, wide = shape[:2]
    x_scale, y_scale = scales(matrix, height, width)
    return (
        tall if y_scale <= LINEAR_SCALE else max(1, round(tall / y_scale)),
        wide if x_scale <= LINEAR_SCALE else max(1, round(wide / x_scale)),
    )
