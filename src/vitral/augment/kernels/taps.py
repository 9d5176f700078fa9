"""`blur_rows`, `correlate`, `average`: weigh neighbors in pictures of bytes, compiled.

Rows are taken by where they begin in all bytes: a slice for each would cost more than the loop over it.
It is imported when the first picture is filtered with it, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import float32, int64, types, uint8, uint16, uint64, void

from vitral.augment.kernels.compiled import LINE, compiled, reflected
from vitral.augment.kernels.vectors import widest

_0, _LAST = np.float32(0), np.float32(255)
_HALF, _PART = np.float32(128), np.float32(1 / 256)
_SHORTS = uint16[::1]
_FOUR = types.UniTuple(uint64, 4)


@compiled(void(LINE, uint64, uint64, uint16, _SHORTS, uint64))
def _add_two(source, a, b, weight, mid, at):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(np.uint64(mid.size) - np.uint64(2) * at):
        both = np.uint16(np.uint16(source[a + k]) + np.uint16(source[b + k]))
        mid[at + k] = np.uint16(mid[at + k] + np.uint16(both * weight))


@compiled(void(LINE, uint64, uint16, _SHORTS, uint64))
def _begin(source, a, weight, mid, at):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(np.uint64(mid.size) - np.uint64(2) * at):
        mid[at + k] = np.uint16(np.uint16(source[a + k]) * weight)


@compiled(void(_SHORTS, int64))
def _reflect(mid, reach):  # pyright: ignore[reportMissingParameterType]
    """Fill what a row has beyond its ends."""
    wide = mid.size // 3 - 2 * reach
    for j in range(1, reach + 1):
        left, right = reach + reflected(-j, wide), reach + reflected(wide - 1 + j, wide)
        for c in range(3):
            mid[3 * (reach - j) + c] = mid[3 * left + c]
            mid[3 * (reach + wide - 1 + j) + c] = mid[3 * right + c]


@compiled(void(_SHORTS, uint64, uint64, uint16, _SHORTS))
def _blend_two(mid, a, b, weight, total):  # pyright: ignore[reportMissingParameterType]
    """Of 256ths of levels, the average of two times a weight in 65536ths."""
    widest()
    for k in range(np.uint64(total.size)):
        both = np.uint16((np.uint32(mid[a + k]) + np.uint32(mid[b + k]) + np.uint32(1)) >> np.uint32(1))
        total[k] = np.uint16(total[k] + np.uint16((np.uint32(both) * np.uint32(weight)) >> np.uint32(16)))


@compiled(void(_SHORTS, uint8[::1], uint64))
def _finish(total, out, at):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(np.uint64(total.size)):
        out[at + k] = np.uint8(total[k] >> np.uint16(8))


@compiled(void(_SHORTS, LINE, float32, uint8[::1], uint64))
def _move_away(total, source, amount, out, at):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(np.uint64(total.size)):
        level = np.float32(source[at + k])
        made = level + amount * (level - (np.float32(total[k]) - _HALF) * _PART)
        out[at + k] = np.uint8(np.int32(np.rint(min(max(made, _0), _LAST))))


@compiled(void(LINE, _SHORTS, _SHORTS, float32, uint8[:, ::1]))
def blur_rows(source, down, across, away, out):  # pyright: ignore[reportMissingParameterType]
    """Weigh the neighbors along both axes by a kernel that is the same to both sides.

    Beyond its border a picture is reflected.

    Args:
        source: red, green and blue of all pixels in turn.
        down: the weights in the middle, one pixel off and so on, in 256ths; with those of the other side
            they add up to 256.
        across: the same in 65536ths; those but the first, for both sides, twice as large.
        away: how much of the difference from that is added to the picture; 0 for the average itself.
        out: uint8 of h x (w * 3), all of it is written.
    """
    reach, (tall, wide) = down.size - 1, out.shape
    mid, total, flat = np.empty(wide + 6 * reach, np.uint16), np.empty(wide, np.uint16), out.reshape(out.size)
    for y in range(tall):
        _begin(source, y * wide, down[0], mid, 3 * reach)
        for k in range(1, reach + 1):
            above, below = reflected(y - k, tall), reflected(y + k, tall)
            _add_two(source, above * wide, below * wide, down[k], mid, 3 * reach)
        _reflect(mid, reach)
        total[:] = np.uint16(128 + reach // 2)
        for k in range(reach + 1):
            _blend_two(mid, 3 * (reach - k), 3 * (reach + k), across[k], total)
        if away > _0:
            _move_away(total, source, away, flat, y * wide)
        else:
            _finish(total, flat, y * wide)


@compiled(_FOUR(int64[::1], int64, int64))
def _four(places, k, more):  # pyright: ignore[reportMissingParameterType]
    return (
        np.uint64(places[k] + more),
        np.uint64(places[k + 1] + more),
        np.uint64(places[k + 2] + more),
        np.uint64(places[k + 3] + more),
    )


@compiled(void(LINE, _FOUR, _SHORTS, int64, _SHORTS))
def _add_small(source, places, weights, first, total):  # pyright: ignore[reportMissingParameterType]
    widest()
    a, b, c, d = places
    wa, wb, wc, wd = weights[first], weights[first + 1], weights[first + 2], weights[first + 3]
    for k in range(np.uint64(total.size)):
        two = np.uint16(np.uint16(source[a + k] * wa) + np.uint16(source[b + k] * wb))
        more = np.uint16(np.uint16(source[c + k] * wc) + np.uint16(source[d + k] * wd))
        total[k] = np.uint16(total[k] + np.uint16(two + more))


@compiled(void(LINE, int64[::1], int64, _SHORTS, uint8[:, ::1]))
def average(source, places, stride, weights, out):  # pyright: ignore[reportMissingParameterType]
    """The same as `correlate` for a multiple of four weights in 256ths, which add up to 256."""
    wide, total, flat = out.shape[1], np.empty(out.shape[1], np.uint16), out.reshape(out.size)
    for y in range(len(out)):
        total[:] = np.uint16(128)
        for k in range(0, weights.size, 4):
            _add_small(source, _four(places, k, y * stride), weights, k, total)
        _finish(total, flat, y * wide)


@compiled(void(LINE, _FOUR, float32[::1], int64, float32[::1]))
def _add_four(source, places, weights, first, total):  # pyright: ignore[reportMissingParameterType]
    widest()
    a, b, c, d = places
    wa, wb, wc, wd = weights[first], weights[first + 1], weights[first + 2], weights[first + 3]
    for k in range(np.uint64(total.size)):
        two = wa * np.float32(source[a + k]) + wb * np.float32(source[b + k])
        total[k] += two + (wc * np.float32(source[c + k]) + wd * np.float32(source[d + k]))


@compiled(void(LINE, uint64, float32, float32[::1]))
def _add_one(source, a, weight, total):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(np.uint64(total.size)):
        total[k] += weight * np.float32(source[a + k])


@compiled(void(float32[::1], uint8[::1], uint64))
def _round(total, out, at):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(np.uint64(total.size)):
        out[at + k] = np.uint8(np.int32(np.rint(min(max(total[k], _0), _LAST))))


@compiled(void(LINE, int64[::1], int64, float32[::1], uint8[:, ::1]))
def correlate(source, places, stride, weights, out):  # pyright: ignore[reportMissingParameterType]
    """Weigh some neighbors of each pixel.

    Args:
        source: of h x (w * 3) with more pixels around it.
        places: where each neighbor of the first pixel that is made begins; a multiple of four.
        stride: bytes of a row of the source.
        weights: of each neighbor.
        out: uint8 of h x (w * 3), all of it is written.
    """
    wide, total, flat = out.shape[1], np.empty(out.shape[1], np.float32), out.reshape(out.size)
    for y in range(len(out)):
        total[:] = _0
        rest = weights.size % 4
        for k in range(rest):
            _add_one(source, places[k] + y * stride, weights[k], total)
        for k in range(rest, weights.size, 4):
            _add_four(source, _four(places, k, y * stride), weights, k, total)
        _round(total, flat, y * wide)
