"""Sampling `shuffled`: every picture once, in a new order every epoch."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.core import permutation
from vitral.data.picture_set import PictureSet
from vitral.data.sampling.sampling import Sampling


@dataclass(frozen=True, kw_only=True)
class Shuffled(Sampling, kind="shuffled"):
    """Every picture once, in a new order every epoch."""

    def order(self, pictures: PictureSet, seed: int, epoch: int) -> Int[NDArray[np.int64], " n"]:
        """A permutation that depends on (seed, epoch) alone."""
        return permutation(len(pictures), seed, epoch)
