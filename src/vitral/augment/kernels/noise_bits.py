"""`noise`, `add_noise`, `strike`: random numbers that are a function of a key and a place, compiled.

A word of 32 bits is mixed from the number of a place and two halves of a key, so places need no order and
loops become vectors. A picture of more than 2 ** 32 levels would repeat its noise. It is imported when the
first noise is added, and by nobody else; see `compiled`.

Source:
    Wellons 2018, "Prospecting for hash functions", the constants of `triple32`, for the mixing; here
    halves of the key are added before the first two steps, and a mixture of both before the third.
"""

import numpy as np
from numba import boolean, float32, int64, uint8, uint32, void

from vitral.augment.kernels.compiled import LINE, compiled
from vitral.augment.kernels.vectors import widest

NORMAL, LAPLACE, EVEN = 0, 1, 2
"""Distributions of mean 0: deviation 1, deviation 1, and evenly from -1 to 1."""

_BLOCK = 3072
"""Numbers that are made at once: few enough to stay in the nearest cache, and whole pixels."""

_ROW = float32[::1]
_0, _1, _2, _LAST = (np.float32(n) for n in (0, 1, 2, 255))
_TO_SHARE = np.float32(2.0**-31)
_HALF_ROOT = np.float32(np.sqrt(0.5))
# Of two unit vectors across grey: (1, -1, 0) / root 2 and (1, 1, -2) / root 6, times what makes a channel's
# deviation that of all three together: of variances 1 in two directions, each channel has 2/3.
_THIRD, _ACROSS, _SIXTH = (np.float32(n) for n in (1 / 3, np.sqrt(1 / 2), np.sqrt(1 / 6)))
_ROOT_BITS = np.int32(0x3F3504F3)
_LOG_TWO = np.float32(np.log(2))
# log(1 + f) = f + f * f * (-1/2 + f * ...), to 2e-7 where f is between the roots of 1/2 and 2, less 1.
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7 = (
    np.float32(n)
    for n in (
        -0.49999993, 0.33333310, -0.24999994, 0.20000714,
        -0.16668057, 0.14249323, -0.12420140, 0.11676998,
    )
)  # fmt: skip
# The normal quantile of exp(-t * t / 2), as a polynomial of t, to 8e-5 from 1.17741 to 6.76398.
_Q0, _Q1, _Q2, _Q3, _Q4, _Q5, _Q6, _Q7, _Q8 = (
    np.float32(n)
    for n in (
        -2.31070031, 2.77932113, -1.08533036, 4.53620164e-01, -1.26528603e-01,
        2.30773436e-02, -2.63570105e-03, 1.70748836e-04, -4.78227509e-06,
    )
)  # fmt: skip


@compiled(void(uint32, uint32, int64, uint32[::1]))
def words(low, high, first, out):  # pyright: ignore[reportMissingParameterType]
    """Words of 32 random bits.

    Args:
        low: lower half of the key.
        high: upper half.
        first: number of the first place.
        out: a word for each place.
    """
    widest()
    begin = np.uint32(first) + low
    both = np.uint32(np.uint32(low * np.uint32(0x9E3779B1)) + np.uint32(high * np.uint32(0x85EBCA77)))
    both = np.uint32(both ^ (both >> np.uint32(15)))
    for k in range(out.size):
        x = np.uint32(np.uint32(k) + begin)
        x = np.uint32(x ^ (x >> np.uint32(17)))
        x = np.uint32(x * np.uint32(0xED5AD4BB))
        x = np.uint32(x + high)
        x = np.uint32(x ^ (x >> np.uint32(11)))
        x = np.uint32(x * np.uint32(0xAC4C1B51))
        x = np.uint32(x + both)
        x = np.uint32(x ^ (x >> np.uint32(15)))
        x = np.uint32(x * np.uint32(0x31848BAB))
        out[k] = np.uint32(x ^ (x >> np.uint32(14)))


@compiled(void(uint32[::1], _ROW))
def _logs(bits, out):  # pyright: ignore[reportMissingParameterType]
    """Of the upper 31 bits, as a share that is above 0 and at most 1, the natural logarithm."""
    widest()
    for k in range(out.size):
        share = np.float32((np.float32(np.int32(bits[k] >> np.uint32(1))) + np.float32(0.5)) * _TO_SHARE)
        whole = np.float32(share).view(np.int32)
        power = np.int32((np.int32(whole - _ROOT_BITS)) >> np.int32(23))
        f = np.int32(whole - np.int32(power << np.int32(23))).view(np.float32) - _1
        tail = _L4 + f * (_L5 + f * (_L6 + f * _L7))
        out[k] = np.float32(power) * _LOG_TWO + (
            f + f * f * (_L0 + f * (_L1 + f * (_L2 + f * (_L3 + f * tail))))
        )


@compiled(void(uint32[::1], _ROW))
def _to_normal(bits, out):  # pyright: ignore[reportMissingParameterType]
    """Normal numbers: the sign is the lowest bit, all others are the share beyond; none is beyond 6.4."""
    widest()
    _logs(bits, out)
    for k in range(out.size):
        t = np.sqrt(_2 * _LOG_TWO - _2 * out[k])
        high = _Q4 + t * (_Q5 + t * (_Q6 + t * (_Q7 + t * _Q8)))
        z = _Q0 + t * (_Q1 + t * (_Q2 + t * (_Q3 + t * high)))
        out[k] = z if bits[k] & np.uint32(1) else -z


@compiled(void(uint32[::1], _ROW))
def _to_laplace(bits, out):  # pyright: ignore[reportMissingParameterType]
    widest()
    _logs(bits, out)
    for k in range(out.size):
        z = out[k] * _HALF_ROOT
        out[k] = z if bits[k] & np.uint32(1) else -z


@compiled(void(uint32[::1], _ROW))
def _to_even(bits, out):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(out.size):
        out[k] = np.float32(np.int32(bits[k])) * _TO_SHARE


@compiled(void(int64, uint32[::1], _ROW))
def _to(kind, bits, out):  # pyright: ignore[reportMissingParameterType]
    if kind == NORMAL:
        _to_normal(bits, out)
    elif kind == LAPLACE:
        _to_laplace(bits, out)
    else:
        _to_even(bits, out)


@compiled(void(uint32, uint32, int64, _ROW))
def noise(low, high, kind, out):  # pyright: ignore[reportMissingParameterType]
    """Independent numbers of mean 0.

    Args:
        low: lower half of the key.
        high: upper half.
        kind: `NORMAL`, `LAPLACE` or `EVEN`.
        out: all of it is written.
    """
    bits = np.empty(_BLOCK, np.uint32)
    for start in range(0, out.size, _BLOCK):
        stop = min(start + _BLOCK, out.size)
        words(low, high, start, bits[: stop - start])
        _to(kind, bits[: stop - start], out[start:stop])


@compiled(void(LINE, _ROW, float32, float32, uint8[::1]))
def _add(source, numbers, plus, times, out):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(out.size):
        level = np.float32(source[k])
        made = level + numbers[k] * (plus + times * level)
        out[k] = np.uint8(np.int32(np.rint(min(max(made, _0), _LAST))))


@compiled(void(_ROW, _ROW))
def _spread(numbers, out):  # pyright: ignore[reportMissingParameterType]
    """The same number for three channels."""
    widest()
    for k in range(numbers.size):
        out[3 * k] = out[3 * k + 1] = out[3 * k + 2] = numbers[k]


@compiled(void(LINE, uint32, uint32, int64, float32, float32, boolean, uint8[::1]))
def add_noise(source, low, high, kind, plus, times, grey, out):  # pyright: ignore[reportMissingParameterType]
    """Add to each level a random number times (plus + times * level), and round to bytes.

    Args:
        source: red, green and blue of all pixels in turn.
        low: lower half of the key.
        high: upper half.
        kind: `NORMAL`, `LAPLACE` or `EVEN`.
        plus: see above.
        times: see above.
        grey: whether all channels of a pixel get the same number.
        out: as many bytes; all of them are written.
    """
    bits, numbers, three = (
        np.empty(_BLOCK, np.uint32),
        np.empty(_BLOCK, np.float32),
        np.empty(_BLOCK, np.float32),
    )
    for start in range(0, source.size, _BLOCK):
        stop = min(start + _BLOCK, source.size)
        count = stop - start
        if grey:
            words(low, high, start // 3, bits[: count // 3])
            _to(kind, bits[: count // 3], numbers[: count // 3])
            _spread(numbers[: count // 3], three[:count])
            _add(source[start:stop], three[:count], plus, times, out[start:stop])
        else:
            words(low, high, start, bits[:count])
            _to(kind, bits[:count], numbers[:count])
            _add(source[start:stop], numbers[:count], plus, times, out[start:stop])


@compiled(void(LINE, uint32[::1], uint32, uint32, uint8, uint8, uint8[::1]))
def _strike(source, bits, below, above, low, high, out):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(out.size):
        level = low if bits[k] < below else source[k]
        out[k] = high if bits[k] > above else level


@compiled(void(uint32[::1], uint32[::1]))
def _spread_words(bits, out):  # pyright: ignore[reportMissingParameterType]
    """The same word for three channels."""
    widest()
    for k in range(bits.size):
        out[3 * k] = out[3 * k + 1] = out[3 * k + 2] = bits[k]


@compiled(void(LINE, uint32, uint32, uint32, uint32, uint8, uint8, boolean, uint8[::1]))
def strike(source, low, high, below, above, first, last, apart, out):  # pyright: ignore[reportMissingParameterType]
    """Set some levels to one of two, by a word of 32 random bits for each pixel.

    Args:
        source: red, green and blue of all pixels in turn.
        low: lower half of the key.
        high: upper half.
        below: words below this make a level `first`.
        above: words above this make a level `last`.
        first: see above.
        last: see above.
        apart: whether each channel has a word of its own.
        out: as many bytes; all of them are written.
    """
    bits, three = np.empty(_BLOCK, np.uint32), np.empty(_BLOCK, np.uint32)
    for start in range(0, source.size, _BLOCK):
        stop = min(start + _BLOCK, source.size)
        count = stop - start
        if apart:
            words(low, high, start, three[:count])
        else:
            words(low, high, start // 3, bits[: count // 3])
            _spread_words(bits[: count // 3], three[:count])
        _strike(source[start:stop], three[:count], below, above, first, last, out[start:stop])


@compiled(void(LINE, _ROW, _ROW, float32, float32, float32, uint8[::1]))
def add_grain(source, grain, blotches, fine, dark, color, out):  # pyright: ignore[reportMissingParameterType]
    """Add noise of lightness that grows with the root of the light, and noise of color.

    Args:
        source: red, green and blue of all pixels in turn.
        grain: a number for each pixel.
        blotches: two for each pixel, for the two directions of color across grey.
        fine: deviation of the grain for a root of 1.
        dark: levels that are added to the light before its root is taken.
        color: deviation of the blotches, in levels, where that of their numbers is 1.
        out: as many bytes as in the source; all of them are written.
    """
    widest()
    for k in range(grain.size):
        r, g, b = np.float32(source[3 * k]), np.float32(source[3 * k + 1]), np.float32(source[3 * k + 2])
        light = grain[k] * fine * np.sqrt((r + g + b) * _THIRD + dark)
        one, two = blotches[2 * k] * color * _ACROSS, blotches[2 * k + 1] * color * _SIXTH
        new_r, new_g, new_b = r + light + one + two, g + light - one + two, b + light - _2 * two
        out[3 * k] = np.uint8(np.int32(np.rint(min(max(new_r, _0), _LAST))))
        out[3 * k + 1] = np.uint8(np.int32(np.rint(min(max(new_g, _0), _LAST))))
        out[3 * k + 2] = np.uint8(np.int32(np.rint(min(max(new_b, _0), _LAST))))
