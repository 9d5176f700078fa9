"""`parted`: numbers in [0, 1] drawn toward 0 and 1."""

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray


def parted(values: Float[NDArray[np.float32], "h w"], steepness: float) -> Float[NDArray[np.float32], "h w"]:
    """A logistic curve about 0.5 that keeps 0 and 1 where they are.

    Args:
        values: in [0, 1].
        steepness: of the curve; 0 changes nothing.
    """
    if steepness < 1e-3:
        return values
    # tanh(k / 2) is the logistic curve, moved and scaled to [-1, 1].
    far = math.tanh(steepness / 4)
    curve = np.tanh(np.float32(steepness / 2) * (values - np.float32(0.5)))
    return np.clip(np.float32(0.5) + np.float32(0.5 / far) * curve, 0, 1)
