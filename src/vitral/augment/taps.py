"""`blur_rows`, `correlate`: weigh neighbors in pictures of bytes, compiled.

It is imported when the first picture is filtered with it, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import float32, int64, uint8, uint16, void

from vitral.augment.compiled import LINE, PICTURE, compiled
from vitral.augment.vectors import widest

_0, _LAST = np.float32(0), np.float32(255)


@compiled(void(LINE, LINE, uint16, uint16[::1]))
def _add_two(one, other, weight, total):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(total.size):
        both = np.uint16(np.uint16(one[k]) + np.uint16(other[k]))
        total[k] = np.uint16(total[k] + np.uint16(both * weight))


@compiled(void(LINE, uint16, uint16[::1]))
def _begin(row, weight, total):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(total.size):
        total[k] = np.uint16(np.uint16(row[k]) * weight)


@compiled(void(uint16[::1], uint16[::1], uint16, uint16[::1]))
def _blend_two(one, other, weight, total):  # pyright: ignore[reportMissingParameterType]
    """Of 256ths of levels, the average of two times a weight in 65536ths."""
    widest()
    for k in range(total.size):
        both = np.uint16((np.uint32(one[k]) + np.uint32(other[k]) + np.uint32(1)) >> np.uint32(1))
        total[k] = np.uint16(total[k] + np.uint16((np.uint32(both) * np.uint32(weight)) >> np.uint32(16)))


@compiled(void(uint16[::1], uint8[::1]))
def _finish(total, out):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(out.size):
        out[k] = np.uint8(total[k] >> np.uint16(8))


@compiled(void(PICTURE, uint16[::1], uint16[::1], uint8[:, ::1]))
def blur_rows(source, down, across, out):  # pyright: ignore[reportMissingParameterType]
    """Weigh the neighbors along both axes by a kernel that is the same to both sides.

    Args:
        source: uint8 of h x (w * 3) with as many pixels more on each side as the kernel reaches.
        down: the weights in the middle, one pixel off and so on, in 256ths; with those of the other side
            they add up to 256.
        across: the same in 65536ths; those but the first, for both sides, twice as large.
        out: uint8 of h x (w * 3), all of it is written.
    """
    reach, wide = down.size - 1, out.shape[1]
    mid, total = np.empty(source.shape[1], np.uint16), np.empty(wide, np.uint16)
    for y in range(len(out)):
        _begin(source[y + reach], down[0], mid)
        for k in range(1, reach + 1):
            _add_two(source[y + reach - k], source[y + reach + k], down[k], mid)
        total[:] = np.uint16(128 + reach // 2)
        middle = mid[3 * reach : 3 * reach + wide]
        _blend_two(middle, middle, across[0], total)
        for k in range(1, reach + 1):
            left, right = 3 * (reach - k), 3 * (reach + k)
            _blend_two(mid[left : left + wide], mid[right : right + wide], across[k], total)
        _finish(total, out[y])


@compiled(void(LINE, LINE, LINE, LINE, float32, float32, float32, float32, float32[::1]))
def _add_four(a, b, c, d, wa, wb, wc, wd, total):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(total.size):
        two = wa * np.float32(a[k]) + wb * np.float32(b[k])
        total[k] += two + (wc * np.float32(c[k]) + wd * np.float32(d[k]))


@compiled(void(LINE, LINE, LINE, LINE, uint16, uint16, uint16, uint16, uint16[::1]))
def _add_small(a, b, c, d, wa, wb, wc, wd, total):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(total.size):
        two = np.uint16(np.uint16(np.uint16(a[k]) * wa) + np.uint16(np.uint16(b[k]) * wb))
        more = np.uint16(np.uint16(np.uint16(c[k]) * wc) + np.uint16(np.uint16(d[k]) * wd))
        total[k] = np.uint16(total[k] + np.uint16(two + more))


@compiled(void(PICTURE, int64[:, ::1], uint16[::1], uint8[:, ::1]))
def average(source, places, weights, out):  # pyright: ignore[reportMissingParameterType]
    """The same as `correlate` for weights in 256ths, which add up to 256."""
    wide, total = out.shape[1], np.empty(out.shape[1], np.uint16)
    for y in range(len(out)):
        total[:] = np.uint16(128)
        for k in range(0, weights.size, 4):
            a, b, c, d = 3 * places[k, 1], 3 * places[k + 1, 1], 3 * places[k + 2, 1], 3 * places[k + 3, 1]
            _add_small(
                source[y + places[k, 0], a : a + wide],
                source[y + places[k + 1, 0], b : b + wide],
                source[y + places[k + 2, 0], c : c + wide],
                source[y + places[k + 3, 0], d : d + wide],
                weights[k], weights[k + 1], weights[k + 2], weights[k + 3], total,
            )  # fmt: skip
        _finish(total, out[y])


@compiled(void(float32[::1], uint8[::1]))
def _round(total, out):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(out.size):
        out[k] = np.uint8(np.int32(np.rint(min(max(total[k], _0), _LAST))))


@compiled(void(PICTURE, int64[:, ::1], float32[::1], uint8[:, ::1]))
def correlate(source, places, weights, out):  # pyright: ignore[reportMissingParameterType]
    """Weigh some neighbors of each pixel.

    Args:
        source: uint8 of h x (w * 3) with more pixels around it.
        places: of each neighbor row and column in the source, of that of the first pixel that is made; a
            multiple of four.
        weights: of each neighbor.
        out: uint8 of h x (w * 3), all of it is written.
    """
    wide, total = out.shape[1], np.empty(out.shape[1], np.float32)
    for y in range(len(out)):
        total[:] = _0
        for k in range(0, weights.size, 4):
            a, b, c, d = 3 * places[k, 1], 3 * places[k + 1, 1], 3 * places[k + 2, 1], 3 * places[k + 3, 1]
            _add_four(
                source[y + places[k, 0], a : a + wide],
                source[y + places[k + 1, 0], b : b + wide],
                source[y + places[k + 2, 0], c : c + wide],
                source[y + places[k + 3, 0], d : d + wide],
                weights[k], weights[k + 1], weights[k + 2], weights[k + 3], total,
            )  # fmt: skip
        _round(total, out[y])


@compiled(void(LINE, LINE, float32, uint8[::1]))
def move_away(source, soft, amount, out):  # pyright: ignore[reportMissingParameterType]
    """Add the difference from other levels, times an amount."""
    widest()
    for k in range(out.size):
        level = np.float32(source[k])
        made = level + amount * (level - np.float32(soft[k]))
        out[k] = np.uint8(np.int32(np.rint(min(max(made, _0), _LAST))))
