"""`cutmix`: paste a part of one picture into another."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from vitral.augment.mix import Mix
from vitral.augment.plan import Plan
from vitral.core import Batch, option


@dataclass(frozen=True, kw_only=True)
class CutMix(Mix, kind="cutmix"):
    """Paste a rectangle of one picture into another; labels count by area.

    A picture that another op has already mixed is left as it is.

    Source:
        Yun et al. 2019, arXiv:1905.04899, eq. 1-2. Departure: a rectangle per picture, not per batch.
    """

    alpha: float = option(1.0, "of the distribution Beta(alpha, alpha) of the area kept", low=0.01, high=10)
    p: float = option(0.5, "how often a picture is mixed", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def sample(self, batch: Batch, plan: Plan) -> Plan:
        """Choose who gets a part of whom, and where."""
        chosen = (self.uniform(batch, "chosen") < self.p) & ~plan.mixed
        side = np.sqrt(1 - self.shares(batch, self.alpha))
        x0, x1 = _span(self.uniform(batch, "x"), side, plan.width)
        y0, y1 = _span(self.uniform(batch, "y"), side, plan.height)
        pasted = np.stack([x0, y0, x1, y1], axis=1)
        # The rectangle is cut off at the border, so the share is taken from what is left of it.
        share = 1 - (x1 - x0) * (y1 - y0) / (plan.width * plan.height)
        chosen &= share < 1
        return dataclasses.replace(
            plan,
            partner=np.where(chosen, self.partners(batch), plan.partner),
            share=np.where(chosen, share, plan.share),
            pasted=np.where(chosen[:, None], pasted, plan.pasted),
        )


def _span(center: np.ndarray, share: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    middle, half = center * length, share * length / 2
    low = np.floor(np.clip(middle - half, 0, length) + 0.5).astype(np.int64)
    return low, np.floor(np.clip(middle + half, 0, length) + 0.5).astype(np.int64)
