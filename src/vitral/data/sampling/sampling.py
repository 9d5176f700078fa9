"""`Sampling`: which pictures an epoch shows, how often, in which order."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from vitral.core import Spec, permutation, uniform
from vitral.data.picture_set import PictureSet


@dataclass(frozen=True, kw_only=True)
class Sampling(Spec, family="sampling"):
    """A rule by which the pictures of an epoch are chosen, a pure function of (seed, epoch)."""

    @abstractmethod
    def order(self, pictures: PictureSet, seed: int, epoch: int) -> Int[NDArray[np.int64], " n"]:
        """Numbers of the pictures in the order in which they come; n is the same in every epoch.

        Raises:
            DataError: the pictures lack what the rule needs.
        """


def drawn_by_weight(
    weights: Float[NDArray[np.float64], " b"],
    seed: int,
    epoch: int,
    *,
    groups: Int[NDArray[np.int64], " b"] | None = None,
) -> Int[NDArray[np.int64], " b"]:
    """As many numbers as there are weights, each about as often as its share of the weights says.

    A picture that should come 2.3 times comes two or three times, never once or four times: one
    random number places a comb of equal steps on the weights laid end to end. Which neighbors share
    a step changes with the epoch, and so does the order. Members of a group are laid side by side,
    so that a group too comes as often as its weights say, give or take one.

    Source:
        Madow 1949, "On the theory of systematic sampling, II".
    """
    count = len(weights)
    laid = permutation(count, seed, epoch, "weighted.laid")
    if groups is not None:
        laid = laid[np.argsort(groups[laid], kind="stable")]
    ends = np.cumsum(weights[laid])
    start = float(uniform(seed, epoch, 0, "weighted.start"))
    steps = (np.arange(count) + start) * (ends[-1] / count)
    drawn = laid[np.minimum(np.searchsorted(ends, steps, side="right"), count - 1)]
    return drawn[permutation(count, seed, epoch)]
