"""`shrink`: averages of areas, compiled.

It is imported when the first picture is made small, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import boolean, float32, int64, types, uint8, uint64, void

from vitral.augment.kernels.compiled import LINE, ONE, THREE, TWO, compiled
from vitral.augment.kernels.vectors import widest

_HALF = np.float32(0.5)
_ROW = float32[::1]


@compiled(void(LINE, types.UniTuple(uint64, 4), types.UniTuple(float32, 4), boolean, _ROW))
def _down(source, places, weights, more, total):  # pyright: ignore[reportMissingParameterType]
    """The sum of four rows, each times a weight; perhaps to be added to others."""
    widest()
    (a, b, c, d), (wa, wb, wc, wd) = places, weights
    if more:
        for k in range(np.uint64(total.size)):
            two = wa * np.float32(source[a + k]) + wb * np.float32(source[b + k])
            total[k] += two + (wc * np.float32(source[c + k]) + wd * np.float32(source[d + k]))
    else:
        for k in range(np.uint64(total.size)):
            two = wa * np.float32(source[a + k]) + wb * np.float32(source[b + k])
            total[k] = two + (wc * np.float32(source[c + k]) + wd * np.float32(source[d + k]))


@compiled(void(int64, int64, int64[::1], float32[:, ::1]))
def _areas(size, count, first, weights):  # pyright: ignore[reportMissingParameterType]
    """Of each of some areas along an axis its first pixel, and the weights of that one and those after it."""
    step, taps = size / count, weights.shape[1]
    for k in range(count):
        begin, end = k * step, (k + 1) * step
        first[k] = min(np.int64(begin), max(size - taps, 0))
        for t in range(taps):
            pixel = first[k] + t
            part = min(pixel + 1.0, end) - max(float(pixel), begin)
            weights[k, t] = max(part, 0.0) / step if pixel < size else 0.0


@compiled(void(_ROW, int64[::1], float32[:, ::1], uint8[::1], uint64))
def _across(total, begin, weights, out, at):  # pyright: ignore[reportMissingParameterType]
    for k in range(np.uint64(begin.size)):
        a = b = c = _HALF  # Nothing is below 0: so cutting off rounds.
        place = np.uint64(begin[k]) * THREE
        for t in range(np.uint64(weights.shape[1])):
            weight = weights[k, t]
            a += weight * total[place]
            b += weight * total[place + ONE]
            c += weight * total[place + TWO]
            place += THREE
        there = at + THREE * k
        out[there] = np.uint8(np.int32(a))
        out[there + ONE] = np.uint8(np.int32(b))
        out[there + TWO] = np.uint8(np.int32(c))


@compiled(void(LINE, int64, int64, uint8[:, :, ::1]))
def shrink(source, tall, wide, out):  # pyright: ignore[reportMissingParameterType]
    """Average the areas between lines that are spread evenly.

    Args:
        source: red, green and blue of all pixels in turn.
        tall: rows of the source.
        wide: its columns.
        out: uint8 of h x w x 3, no more than the source has; all of it is written.
    """
    height, width = out.shape[0], out.shape[1]
    rows = (int(np.ceil(tall / height - 1e-9)) + 4) // 4 * 4
    top, down = np.empty(height, np.int64), np.zeros((height, rows), np.float32)
    columns = min(int(np.ceil(wide / width - 1e-9)) + 1, wide)
    left, across = np.empty(width, np.int64), np.zeros((width, columns), np.float32)
    _areas(tall, height, top, down)
    _areas(wide, width, left, across)
    total, flat = np.empty(3 * wide, np.float32), out.reshape(out.size)
    for y in range(height):
        for t in range(0, rows, 4):
            places = (
                np.uint64(min(top[y] + t, tall - 1) * 3 * wide),
                np.uint64(min(top[y] + t + 1, tall - 1) * 3 * wide),
                np.uint64(min(top[y] + t + 2, tall - 1) * 3 * wide),
                np.uint64(min(top[y] + t + 3, tall - 1) * 3 * wide),
            )
            weights = (down[y, t], down[y, t + 1], down[y, t + 2], down[y, t + 3])
            _down(source, places, weights, t > 0, total)
        _across(total, left, across, flat, y * 3 * width)
