"""`add_enlarged`: a picture that is enlarged about its middle is added to others, compiled.

It is imported when the first picture is blurred by zooming, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import float32, float64, uint32, uint64, void

from vitral.augment.kernels.compiled import compiled
from vitral.augment.kernels.vectors import widest

_ROW = float32[::1]


@compiled(void(_ROW, uint64, uint64, float32, float32, _ROW))
def _between(source, a, b, part, weight, row):  # pyright: ignore[reportMissingParameterType]
    """A row between two, times a weight."""
    widest()
    for k in range(np.uint64(row.size)):
        above = source[a + k]
        row[k] = weight * (above + part * (source[b + k] - above))


@compiled(void(_ROW, uint32[::1], uint32[::1], _ROW, _ROW, uint64))
def _add_spread(row, here, beside, right, total, at):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(np.uint64(row.size)):
        level = row[here[k]]
        total[at + k] += level + right[k] * (row[beside[k]] - level)


@compiled(void(float32[:, ::1], float64, float32, float32[:, ::1]))
def add_enlarged(source, zoom, weight, total):  # pyright: ignore[reportMissingParameterType]
    """Add an enlarged picture, times a weight.

    Args:
        source: levels of h x (w * 3).
        zoom: how much larger it becomes; at least 1.
        weight: what its levels are multiplied by.
        total: of the same shape; it is added to.
    """
    tall, wide = source.shape[0], source.shape[1] // 3
    row, right = np.empty(3 * wide, np.float32), np.empty(3 * wide, np.float32)
    here, beside = np.empty(3 * wide, np.uint32), np.empty(3 * wide, np.uint32)
    for x in range(wide):
        place = (x - (wide - 1) / 2) / zoom + (wide - 1) / 2
        left = min(max(np.int64(place), 0), wide - 1)
        for c in range(3):
            here[3 * x + c], beside[3 * x + c] = 3 * left + c, 3 * min(left + 1, wide - 1) + c
            right[3 * x + c] = place - left
    flat, made = source.reshape(source.size), total.reshape(total.size)
    for y in range(tall):
        place = (y - (tall - 1) / 2) / zoom + (tall - 1) / 2
        top = min(max(np.int64(place), 0), tall - 1)
        below = min(top + 1, tall - 1)
        _between(flat, top * 3 * wide, below * 3 * wide, place - top, weight, row)
        _add_spread(row, here, beside, right, made, y * 3 * wide)
