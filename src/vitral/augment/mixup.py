"""`mixup`: blend two pictures and their labels."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from vitral.augment.mix import Mix
from vitral.augment.plan import Plan
from vitral.core import Batch, option


@dataclass(frozen=True, kw_only=True)
class MixUp(Mix, kind="mixup"):
    """Blend two pictures and their labels with one random weight.

    A picture that another op has already mixed is left as it is.

    Source:
        Zhang et al. 2017, arXiv:1710.09412, eq. 1. Departure: a weight per picture, not per batch.
    """

    alpha: float = option(0.2, "of the distribution Beta(alpha, alpha) of the weight", low=0.01, high=10)
    p: float = option(1.0, "how often a picture is mixed", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def sample(self, batch: Batch, plan: Plan) -> Plan:
        """Choose who is mixed, with whom, and how much."""
        chosen = (self.uniform(batch, "chosen") < self.p) & ~plan.mixed
        return dataclasses.replace(
            plan,
            partner=np.where(chosen, self.partners(batch), plan.partner),
            share=np.where(chosen, self.shares(batch, self.alpha), plan.share),
            blended=plan.blended | chosen,
        )
