"""What a homography shows of a picture, and how large."""

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
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], dtype=np.float64)
    points = corners @ matrix.T
    if (points[:, 2] <= 0).any():
        return 0.0, 0.0, float(shape[1]), float(shape[0])
    x, y = points[:, 0] / points[:, 2], points[:, 1] / points[:, 2]
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def scales(matrix: NDArray[np.float64], height: int, width: int) -> tuple[float, float]:
    """How many pixels of the picture, along x and along y, a step of one pixel covers in the middle."""
    u, v = width / 2, height / 2
    x, y, depth = matrix @ (u, v, 1.0)
    slopes = (matrix[:2, :2] - np.outer((x / depth, y / depth), matrix[2, :2])) / depth
    along = np.hypot(slopes[:, 0], slopes[:, 1])
    return float(along[0]), float(along[1])


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
