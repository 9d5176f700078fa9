"""`Mix`: what mixup and cutmix share: a partner and how much of it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from vitral.augment.op import Op
from vitral.core import Batch, random_bits


@dataclass(frozen=True, kw_only=True)
class Mix(Op):
    """Two pictures become one, and so do their labels. Abstract."""

    def shares(self, batch: Batch, alpha: float) -> Float[NDArray[np.float64], " b"]:
        """One number per picture from Beta(alpha, alpha), by inverting its distribution."""
        from scipy.special import betaincinv

        return betaincinv(alpha, alpha, self.uniform(batch, "share"))

    def partners(self, batch: Batch) -> Int[NDArray[np.int64], " b"]:
        """Position of each picture's partner: all pictures in one ring, in random order.

        The ring depends on which pictures are in the batch, not on their order. A batch of one
        picture is mixed with itself.
        """
        # One stream for every kind of mix: a picture has one partner, whichever mix it gets.
        ring = np.argsort(random_bits(batch.seed, batch.epoch, batch.indices, "mix.ring"), kind="stable")
        partner = np.empty(len(ring), dtype=np.int64)
        partner[ring] = np.roll(ring, -1)
        return partner
