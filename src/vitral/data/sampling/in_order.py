"""Sampling `in-order`: every picture once, in the order of the set."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.data.picture_set import PictureSet
from vitral.data.sampling.sampling import Sampling


@dataclass(frozen=True, kw_only=True)
class InOrder(Sampling, kind="in-order"):
    """Every picture once, in the order of the set."""

    def order(self, pictures: PictureSet, seed: int, epoch: int) -> Int[NDArray[np.int64], " n"]:
        """The numbers from 0 on."""
        return np.arange(len(pictures))
