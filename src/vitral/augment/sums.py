"""`channel_sums`: the sums of red, green and blue levels, compiled: many small sums before a few large ones.

It is imported when the first mean is asked for, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import int64, types, uint8, uint16, void

from vitral.augment.compiled import PICTURE, compiled

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
