"""`median_of_49`: the median of squares of 7 x 7, compiled.

A whole row is compared with another at once. Each column of seven is sorted, then what is k-th in seven
neighboring columns; of 49 numbers sorted along both ways 29 may be the median, and as many of the others
are above it as below. It is imported when the first such median is taken, and by nobody else; see `compiled`.

Source:
    Devillard 1998, "Fast median search: an ANSI C implementation", for taking away the least and the
    greatest in turn.
"""

import numpy as np
from numba import int64, uint8, uint64, void

from vitral.augment.kernels.compiled import LINE, compiled
from vitral.augment.kernels.vectors import widest

_SIDE = 7
# A network that sorts seven numbers by 16 exchanges.
_SORT = np.array(
    [
        (0, 6), (2, 3), (4, 5), (0, 2), (1, 4), (3, 6), (0, 1), (2, 5),
        (3, 4), (1, 2), (4, 6), (2, 3), (4, 5), (1, 2), (3, 4), (5, 6),
    ]
)  # fmt: skip
_KEPT = np.array(
    [
        _SIDE * i + j
        for i in range(_SIDE)
        for j in range(_SIDE)
        if (i + 1) * (j + 1) <= 25 and (_SIDE - i) * (_SIDE - j) <= 25
    ]
)
_HELD = len(_KEPT) // 2 + 2


@compiled(void(uint8[::1], uint64, uint64, uint64))
def _exchange(rows, a, b, count):  # pyright: ignore[reportMissingParameterType]
    """The smaller numbers to one row, the larger ones to the other."""
    widest()
    for k in range(count):
        one, other = rows[a + k], rows[b + k]
        rows[a + k], rows[b + k] = min(one, other), max(one, other)


@compiled(void(LINE, uint64, uint8[::1], uint64, uint64))
def _copy(source, a, rows, b, count):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(count):
        rows[b + k] = source[a + k]


@compiled(void(uint8[::1], int64[::1], int64, int64))
def _extremes_last(rows, places, first, last):  # pyright: ignore[reportMissingParameterType]
    """Exchange until the least is in the first of some rows, and the greatest in the last."""
    count = places[0]
    half = (last - first + 1) // 2
    for k in range(half):
        _exchange(rows, places[1 + first + k], places[1 + last - k], count)
    for k in range(first + 1, first + half + (last - first + 1) % 2):
        _exchange(rows, places[1 + first], places[1 + k], count)
    for k in range(last - 1, last - half - (last - first + 1) % 2, -1):
        _exchange(rows, places[1 + k], places[1 + last], count)


@compiled(void(LINE, int64, uint8[:, ::1]))
def median_of_49(source, stride, out):  # pyright: ignore[reportMissingParameterType]
    """Take medians, in each channel.

    Args:
        source: of h x (w * 3) with three pixels more on each side.
        stride: bytes of one of its rows.
        out: uint8 of h x (w * 3), all of it is written.
    """
    wide = out.shape[1]
    columns, rows = np.empty(_SIDE * stride, np.uint8), np.empty(_SIDE * _SIDE * wide, np.uint8)
    places = np.empty(1 + _KEPT.size, np.int64)
    for y in range(len(out)):
        _copy(source, y * stride, columns, 0, _SIDE * stride)
        for n in range(len(_SORT)):
            _exchange(columns, _SORT[n, 0] * stride, _SORT[n, 1] * stride, stride)
        for i in range(_SIDE):
            begin = _SIDE * i * wide
            for j in range(_SIDE):
                _copy(columns, i * stride + 3 * j, rows, begin + j * wide, wide)
            for n in range(len(_SORT)):
                _exchange(rows, begin + _SORT[n, 0] * wide, begin + _SORT[n, 1] * wide, wide)
        places[0] = wide
        for k in range(_KEPT.size):
            places[1 + k] = _KEPT[k] * wide
        # The first and the last of those that are held are taken away; another one comes in each time.
        first, last = 0, _HELD - 1
        _extremes_last(rows, places, first, last)
        for k in range(_HELD, _KEPT.size):
            first += 1
            places[1 + last] = places[1 + k]
            _extremes_last(rows, places, first, last)
        _copy(rows, places[1 + (first + last) // 2], out.reshape(out.size), y * wide, wide)
