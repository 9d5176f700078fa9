"""Sampling `weighted`: each picture as often as its weight says."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.core import DataError
from vitral.data.picture_set import PictureSet
from vitral.data.sampling.sampling import Sampling, drawn_by_weight


@dataclass(frozen=True, kw_only=True)
class Weighted(Sampling, kind="weighted"):
    """Each picture as often as its weight says; an epoch has as many pictures as the set."""

    def order(self, pictures: PictureSet, seed: int, epoch: int) -> Int[NDArray[np.int64], " n"]:
        """Numbers drawn by `PictureSet.weights`.

        Raises:
            DataError: the set has no weights.
        """
        if pictures.weights is None:
            raise DataError(
                f"{pictures.name}: must have weights to be sampled by weight; "
                "a table gives them in a column called 'weight'"
            )
        return drawn_by_weight(pictures.weights, seed, epoch)
