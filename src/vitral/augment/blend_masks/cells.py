"""`cell_of`: in which cell of a regular grid each row or column lies."""

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray


def cell_of(side: int, cells: int) -> Int[NDArray[np.int64], " side"]:
    """The number of the cell of each pixel along a side; some cells get none when they are too many."""
    return np.arange(side) * cells // side
