"""`sample_nearest`, `pick_nearest`: the number of the pixel in which each place lies, compiled.

It is imported when the first mask is moved, and by nobody else; see `compiled`.
"""

import math

import numpy as np
from numba import float64, types, uint8, void

from vitral.augment.compiled import compiled

_MASK = types.Array(uint8, 2, "C", readonly=True)


@compiled(void(_MASK, float64[:, ::1], uint8, uint8[:, ::1]))
def sample_nearest(mask, matrix, outside, out):  # pyright: ignore[reportMissingParameterType]
    """Sample a mask at the places that a homography leads to.

    Args:
        mask: class numbers.
        matrix: from (x, y, 1) of the result to (x, y, 1) of the mask, up to a factor.
        outside: what stands where there is no mask.
        out: the result; all of it is written.
    """
    tall, wide = mask.shape
    for y in range(out.shape[0]):
        v = y + 0.5
        for x in range(out.shape[1]):
            u = x + 0.5
            depth = matrix[2, 0] * u + matrix[2, 1] * v + matrix[2, 2]
            left = (matrix[0, 0] * u + matrix[0, 1] * v + matrix[0, 2]) / depth
            top = (matrix[1, 0] * u + matrix[1, 1] * v + matrix[1, 2]) / depth
            if 0.0 <= left < wide and 0.0 <= top < tall:
                out[y, x] = mask[np.uint64(math.floor(top)), np.uint64(math.floor(left))]
            else:
                out[y, x] = outside


@compiled(void(_MASK, float64[:, ::1], float64[:, ::1], uint8, uint8[:, ::1]))
def pick_nearest(mask, x_at, y_at, outside, out):  # pyright: ignore[reportMissingParameterType]
    """Sample a mask at given places.

    Args:
        mask: class numbers.
        x_at: where each pixel of the result lies along x, in pixels of the mask.
        y_at: along y.
        outside: what stands where there is no mask.
        out: the result; all of it is written.
    """
    tall, wide = mask.shape
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            left, top = x_at[y, x], y_at[y, x]
            if 0.0 <= left < wide and 0.0 <= top < tall:
                out[y, x] = mask[np.uint64(math.floor(top)), np.uint64(math.floor(left))]
            else:
                out[y, x] = outside
