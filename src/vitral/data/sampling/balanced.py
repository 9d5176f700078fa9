"""Sampling `balanced`: rare classes come as often as frequent ones."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.core import IGNORE, DataError, option
from vitral.data.picture_set import PictureSet
from vitral.data.sampling.sampling import Sampling, drawn_by_weight


@dataclass(frozen=True, kw_only=True)
class Balanced(Sampling, kind="balanced"):
    """Rare classes come as often as frequent ones; pictures without a class keep their share.

    A class of n pictures gets the weight n^(1 - strength).
    """

    strength: float = option(1.0, "1: all classes alike; 0: by their pictures", low=0, high=1)

    def order(self, pictures: PictureSet, seed: int, epoch: int) -> Int[NDArray[np.int64], " n"]:
        """Numbers drawn so that classes are balanced.

        Raises:
            DataError: no picture has a class.
        """
        known = pictures.labels != IGNORE
        if not known.any():
            raise DataError(f"{pictures.name}: must have classes to be balanced by class, but has none")
        counts = np.bincount(pictures.labels[known], minlength=len(pictures.classes)).astype(np.float64)
        each = np.power(np.maximum(counts, 1), -self.strength)
        weights = np.ones(len(pictures))
        weights[known] = each[pictures.labels[known]]
        weights[known] *= known.sum() / weights[known].sum()
        return drawn_by_weight(weights, seed, epoch, groups=pictures.labels)
