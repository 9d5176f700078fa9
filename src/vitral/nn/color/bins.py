"""The bins of the ab plane: squares of side 10 that hold a color of sRGB."""

import functools

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

BIN_SIDE = 10
"""Side of a bin, in units of a and b."""

# For each a the first and the last b; written down, because a model's shape must be the same everywhere.
_ROWS = (
    (-90, 80, 80), (-80, 40, 80), (-70, 20, 90), (-60, 0, 90), (-50, -20, 90), (-40, -30, 90),
    (-30, -40, 90), (-20, -40, 90), (-10, -50, 90), (0, -60, 90), (10, -70, 80), (20, -70, 80),
    (30, -80, 80), (40, -90, 80), (50, -90, 70), (60, -100, 70), (70, -110, 70), (80, -110, 70),
    (90, -90, 0), (100, -70, -50),
)  # fmt: skip

BINS = sum((last - first) // BIN_SIDE + 1 for _, first, last in _ROWS)
"""How many there are: 261."""


@functools.cache
def ab_bins() -> Float[NDArray[np.float32], "q ab=2"]:
    """The middle of every bin, a and b, in the order of the model's outputs.

    Source:
        Zhang, Isola, Efros 2016, arXiv:1603.08511, section 2.1. Departure: only bins that hold a
        color of sRGB, 261; theirs are 313, with a rim around them.
    """
    rows = [(a, b) for a, first, last in _ROWS for b in range(first, last + 1, BIN_SIDE)]
    found = np.array(rows, np.float32)
    found.flags.writeable = False
    return found
