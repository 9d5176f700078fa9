"""`count_photons`: each level becomes a Poisson number of the mean that it stands for, compiled.

Numbers are exact to 2 ** -32 where the mean is at most `_EXACT`: tables of cumulated chances are searched
for a word of 32 random bits. Above that they are normal ones with the second term of Cornish and Fisher.
It is imported when the first photon is counted, and by nobody else; see `compiled`.
"""

import math

import numpy as np
from numba import boolean, float64, uint8, uint16, uint32, void

from vitral.augment.kernels.compiled import LINE, compiled
from vitral.augment.kernels.noise_bits import noise, words

_EXACT, _GUIDES, _BLOCK = 1000.0, 128, 3072
_DEVIATIONS, _MORE = 7.5, 12
_MOST = np.uint32(2**32 - 1)


@compiled(void(float64, uint32[::1]))
def _chances(mean, table):  # pyright: ignore[reportMissingParameterType]
    """Of 0 and more from the first number that can come, the chance of it or less, in parts of 2 ** 32."""
    first = max(int(mean - _DEVIATIONS * math.sqrt(mean)) - 1, 0)
    if mean == 0.0:
        table[:] = _MOST
        return
    chance, total = math.exp(first * math.log(mean) - mean - math.lgamma(first + 1.0)), 0.0
    for k in range(table.size):
        total += chance
        table[k] = np.uint32(min(total * 4294967296.0, 4294967295.0))
        chance *= mean / (first + k + 1.0)
    table[table.size - 1] = _MOST


@compiled(void(uint32[::1], uint16[::1]))
def _guide(table, guide):  # pyright: ignore[reportMissingParameterType]
    """Where the search begins for each upper seven bits of a word."""
    k = 0
    for g in range(_GUIDES):
        while np.uint32(g << 25) > table[k]:
            k += 1
        guide[g] = k


@compiled(void(LINE, uint32, uint32, float64, boolean, uint8[::1]))
def count_photons(source, low, high, unit, grey, out):  # pyright: ignore[reportMissingParameterType]
    """Replace levels by what Poisson numbers of photons make of them, brought into range.

    Args:
        source: red, green and blue of all pixels in turn.
        low: lower half of the key of the numbers.
        high: upper half.
        unit: photons for a level of 1.
        grey: whether the number for the mean of a pixel's channels moves all of them alike.
        out: as many bytes; all of them are written.
    """
    step, steps = (unit / 3, 766) if grey else (unit, 256)
    exact = min(steps, int(_EXACT / step) + 1)
    wide = int(2 * _DEVIATIONS * math.sqrt((exact - 1) * step)) + _MORE + 3
    tables, guides = np.empty((exact, wide), np.uint32), np.empty((exact, _GUIDES), np.uint16)
    firsts, is_made = np.zeros(steps), np.zeros(steps, np.bool_)
    bits, normal = np.empty(_BLOCK, np.uint32), np.empty(0, np.float32)
    if exact < steps:
        normal = np.empty(source.size // 3 if grey else source.size, np.float32)
        noise(low, high, 0, normal)
    each = 3 if grey else 1
    for start in range(0, source.size // each, _BLOCK):
        stop = min(start + _BLOCK, source.size // each)
        words(low, high, start, bits[: stop - start])
        for i in range(start, stop):
            level = int(source[i])
            if grey:
                level = int(source[3 * i]) + int(source[3 * i + 1]) + int(source[3 * i + 2])
            mean = level * step
            if level < exact:
                if not is_made[level]:
                    _chances(mean, tables[level])
                    _guide(tables[level], guides[level])
                    firsts[level] = max(int(mean - _DEVIATIONS * math.sqrt(mean)) - 1, 0)
                    is_made[level] = True
                word = bits[i - start]
                k = np.uint64(guides[level, word >> np.uint32(25)])
                while word > tables[level, k]:
                    k += np.uint64(1)
                count = firsts[level] + k
            else:
                z = normal[i]
                count = max(np.rint(mean + math.sqrt(mean) * z + (z * z - 1) / 6), 0.0)
            if grey:
                for c in range(3):
                    made = source[3 * i + c] + (count - mean) / unit
                    out[3 * i + c] = np.uint8(np.rint(min(max(made, 0.0), 255.0)))
            else:
                out[i] = np.uint8(np.rint(min(count / unit, 255.0)))
