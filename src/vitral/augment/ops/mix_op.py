"""`MixOp`: what ops that mix pictures share: a partner, and how much of it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.op import Op
from vitral.core import random_bits


@dataclass(frozen=True, kw_only=True)
class MixOp(Op):
    """Some pictures of a batch become one, and so do their labels. Abstract."""

    def shares(self, draw: Draw, alpha: float) -> Float[NDArray[np.float64], " b"]:
        """One number per picture from Beta(alpha, alpha), by inverting its distribution."""
        from scipy.special import betaincinv

        return betaincinv(alpha, alpha, draw.uniform("share"))

    def partners(self, draw: Draw) -> Int[NDArray[np.int64], " b"]:
        """Position of each picture's partner: all pictures in one ring, in random order.

        The ring depends on which pictures are in the batch, not on their order. A batch of one
        picture is mixed with itself.
        """
        # One stream for every kind of mix: a picture has one partner, whichever mix it gets.
        batch = draw.batch
        ring = np.argsort(random_bits(batch.seed, batch.epoch, batch.indices, "mix.ring"), kind="stable")
        partner = np.empty(len(ring), dtype=np.int64)
        partner[ring] = np.roll(ring, -1)
        return partner
