"""The order in which the places of a tile are coded, so that their neighbors are known."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.codec.tables import TAPS

PAD = 2
"""Places of zeros above, left and right of a tile, so that every place has all neighbors."""


@dataclass(frozen=True, eq=False)
class Waves:
    """Places of a tile, in waves of places that do not know of one another.

    The place in row i and column j is in wave j + 2 i: left, above left, above, above right, two
    to the left and two above are then in earlier waves.

    Args:
        places: row * width + column of all places, wave after wave.
        begins: where in `places` each wave begins, and the end of the last.
        padded: the same places in a tile with a margin of `PAD` above and on both sides.
        near: the neighbors of each in the order of `TAPS`, in the tile with the margin.
    """

    places: Int[NDArray[np.int64], " p"]
    begins: tuple[int, ...]
    padded: Int[NDArray[np.int64], " p"]
    near: Int[NDArray[np.int64], "p t"]


@lru_cache(maxsize=64)
def waves(height: int, width: int) -> Waves:
    """The waves of a tile of so many places; kept, because most tiles are of one size."""
    rows, columns = (axis.reshape(-1) for axis in np.indices((height, width)))
    number = columns + 2 * rows
    places = np.argsort(number, kind="stable")
    stride = width + 2 * PAD
    padded = (rows[places] + PAD) * stride + columns[places] + PAD
    offsets = np.array([row * stride + column for row, column in TAPS])
    # In a tile one place wide every second wave is empty.
    sizes = np.bincount(number)
    begins = (0, *np.cumsum(sizes[sizes > 0]).tolist())
    return Waves(places, begins, padded, padded[:, None] + offsets)
