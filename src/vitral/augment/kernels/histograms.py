"""`count_levels`: how often each level occurs in each channel, compiled.

It is imported when the first levels are counted, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import int64, types, void

from vitral.augment.kernels.compiled import LINE, ONE, THREE, TWO, compiled


@compiled(void(LINE, types.Array(int64, 2, "C")))
def count_levels(source, out):  # pyright: ignore[reportMissingParameterType]
    """Count levels.

    Neighbors are often alike, and a count that was just written takes long to come back: so pixels take
    turns among four tables.

    Args:
        source: red, green and blue of all pixels in turn.
        out: of each channel 256 counts; they are added to.
    """
    # A table starts in another bank than the one before it.
    apart = np.uint64(3 * 256 + 16)
    counts = np.zeros(4 * apart, np.int32)
    green, blue, one = np.uint64(256), np.uint64(512), np.int32(1)
    whole = np.uint64(source.size // 12 * 12)
    at = np.uint64(0)
    while at < whole:
        for turn in range(np.uint64(4)):
            table, here = turn * apart, at + turn * THREE
            counts[table + source[here]] += one
            counts[table + green + source[here + ONE]] += one
            counts[table + blue + source[here + TWO]] += one
        at += np.uint64(12)
    while at < source.size:
        counts[source[at]] += one
        counts[green + source[at + ONE]] += one
        counts[blue + source[at + TWO]] += one
        at += THREE
    for turn in range(4):
        for c in range(3):
            for k in range(256):
                out[c, k] += counts[turn * apart + c * 256 + k]
