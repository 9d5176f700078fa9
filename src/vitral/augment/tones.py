"""The tones of a row of pixels, compiled: color matrices, curves and turns of hue, one after another.

It is imported with the passes that need it, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import float32, int64, void

from vitral.augment.compiled import compiled

COLOR, CURVE, HUE = 0, 1, 2
"""The numbers of the kinds of tones in a program."""

_0, _1, _2, _4, _5, _6 = (np.float32(n) for n in (0, 1, 2, 4, 5, 6))
_SIXTH = np.float32(1 / 6)
_LAST = np.float32(255)
_TINY = np.float32(1e-6)


@compiled(void(float32[::1], float32[::1]))
def _color(row, matrix):  # pyright: ignore[reportMissingParameterType]
    a0, a1, a2, a3 = matrix[0], matrix[1], matrix[2], matrix[3]
    b0, b1, b2, b3 = matrix[4], matrix[5], matrix[6], matrix[7]
    c0, c1, c2, c3 = matrix[8], matrix[9], matrix[10], matrix[11]
    for x in range(row.size // 3):
        r, g, b = row[3 * x], row[3 * x + 1], row[3 * x + 2]
        row[3 * x] = a0 * r + a1 * g + a2 * b + a3
        row[3 * x + 1] = b0 * r + b1 * g + b2 * b + b3
        row[3 * x + 2] = c0 * r + c1 * g + c2 * b + c3


@compiled(void(float32[::1], float32[:, ::1]))
def _curve(row, table):  # pyright: ignore[reportMissingParameterType]
    """Tables with 257 entries, the last one repeated, so that 255 needs no case of its own."""
    for x in range(row.size // 3):
        for c in range(3):
            level = min(max(row[3 * x + c], _0), _LAST)
            low = np.uint64(level)
            part = level - np.float32(low)
            row[3 * x + c] = table[c, low] * (_1 - part) + table[c, low + np.uint64(1)] * part


@compiled(float32(float32))
def _in_turn(k):  # pyright: ignore[reportMissingParameterType]
    """A sixth of the hue circle each, as a ramp from 0 to 1 and back: what is missing of the largest."""
    k = k - _6 * np.floor(k * _SIXTH)
    return max(_0, min(min(k, _4 - k), _1))


@compiled(void(float32[::1], float32))
def _hue(row, turn):  # pyright: ignore[reportMissingParameterType]
    """Turn the hue of the HSV model by some sixths of the circle; levels are first brought into range.

    Source:
        Smith 1978, "Color gamut transform pairs", the hexcone model.
    """
    for x in range(row.size // 3):
        r = min(max(row[3 * x], _0), _LAST)
        g = min(max(row[3 * x + 1], _0), _LAST)
        b = min(max(row[3 * x + 2], _0), _LAST)
        high, low = max(r, max(g, b)), min(r, min(g, b))
        range_ = high - low
        scale = _1 / max(range_, _TINY)
        h = (r - g) * scale + _4
        h = (b - r) * scale + _2 if g == high else h
        h = (g - b) * scale if r == high else h
        h = h + turn
        row[3 * x] = high - range_ * _in_turn(h + _5)
        row[3 * x + 1] = high - range_ * _in_turn(h + np.float32(3))
        row[3 * x + 2] = high - range_ * _in_turn(h + _1)


@compiled(void(float32[::1], int64[::1], float32[:, ::1], float32[:, :, ::1]))
def tone(row, kinds, numbers, tables):  # pyright: ignore[reportMissingParameterType]
    """Carry out a program of tones on a row of levels, in place.

    Args:
        row: red, green and blue levels in turn.
        kinds: of each tone `COLOR`, `CURVE` or `HUE`.
        numbers: of each tone: the twelve numbers of a color matrix, row by row; or, first, by how many
            sixths of the circle hue turns.
        tables: of each tone: the curves of the channels at 0 to 255, the last entry repeated.
    """
    for i in range(kinds.size):
        if kinds[i] == COLOR:
            _color(row, numbers[i])
        elif kinds[i] == CURVE:
            _curve(row, tables[i])
        else:
            _hue(row, numbers[i, 0])


@compiled(void(float32[::1], float32[::1], float32[::1], float32[::1]))
def normalize(row, gain, offset, made):  # pyright: ignore[reportMissingParameterType]
    """Bring levels into [0, 255] and normalize them, each channel with its gain and offset."""
    g0, g1, g2 = gain[0], gain[1], gain[2]
    o0, o1, o2 = offset[0], offset[1], offset[2]
    for x in range(made.size // 3):
        made[3 * x] = min(max(row[3 * x], _0), _LAST) * g0 + o0
        made[3 * x + 1] = min(max(row[3 * x + 1], _0), _LAST) * g1 + o1
        made[3 * x + 2] = min(max(row[3 * x + 2], _0), _LAST) * g2 + o2
