"""`channel_sums`, `add_means`: sums of levels, compiled: many small ones before a few large.

It is imported when the first mean is asked for, and by nobody else; see `compiled`.
"""

import math

import numpy as np
from numba import float32, float64, int64, types, uint8, uint16, void

from vitral.augment.kernels.compiled import PICTURE, compiled

_BLOCK = 192
_LINE = types.Array(uint8, 1, "C", readonly=True)


@compiled(void(uint16[::1], int64[::1]))
def _flush(short, sums):  # pyright: ignore[reportMissingParameterType]
    for k in range(_BLOCK // 3):
        for c in range(3):
            sums[c] += np.int64(short[3 * k + c])
            short[3 * k + c] = np.uint16(0)


@compiled(void(_LINE, uint16[::1]))
def _add(part, short):  # pyright: ignore[reportMissingParameterType]
    for k in range(part.size):
        short[k] += np.uint16(part[k])


@compiled(void(PICTURE, int64, int64, int64, int64, int64[::1]))
def channel_sums(source, top, bottom, left, right, sums):  # pyright: ignore[reportMissingParameterType]
    """Add up the channels of a part of a picture, exactly.

    Args:
        source: uint8 of h x (w * 3).
        top: first row.
        bottom: the row behind the last.
        left: first column.
        right: the column behind the last.
        sums: int64 of three; they are added to.
    """
    short, used = np.zeros(_BLOCK, np.uint16), 0
    for y in range(top, bottom):
        row = source[y, 3 * left : 3 * right]
        for start in range(0, row.size, _BLOCK):
            if used == 257:  # 257 levels of 255 are what 16 bits can hold.
                _flush(short, sums)
                used = 0
            # The last block of a row may be shorter; it begins with a red one like all others.
            _add(row[start : min(start + _BLOCK, row.size)], short)
            used += 1
    _flush(short, sums)


@compiled(void(PICTURE, int64[::1], float64[:, :, ::1], float32[:, ::1]))
def add_means(source, box, of_means, numbers):  # pyright: ignore[reportMissingParameterType]
    """Add to color matrices their parts of the means of what is seen.

    Args:
        source: uint8 of h x (w * 3).
        box: rows and columns that are seen: top, bottom, left, right.
        of_means: of each tone: how much of the channels' means each channel gets.
        numbers: of each tone the twelve numbers of its matrix, row by row; they are added to.
    """
    sums = np.zeros(3, np.int64)
    channel_sums(source, box[0], box[1], box[2], box[3], sums)
    count = (box[1] - box[0]) * (box[3] - box[2])
    for n in range(len(numbers)):
        for c in range(3):
            for d in range(3):
                numbers[n, 4 * c + 3] += np.float32(of_means[n, c, d] * (sums[d] / count))


@compiled(void(float64, float64, float64, float64, int64, int64, int64[::1]))
def touched(x0, y0, x1, y1, tall, wide, box):  # pyright: ignore[reportMissingParameterType]
    """Rows and columns of a picture that a box touches, at least one: top, bottom, left, right."""
    box[0], box[2] = min(max(int(y0), 0), tall - 1), min(max(int(x0), 0), wide - 1)
    box[1] = min(max(math.ceil(y1), box[0] + 1), tall)
    box[3] = min(max(math.ceil(x1), box[2] + 1), wide)
