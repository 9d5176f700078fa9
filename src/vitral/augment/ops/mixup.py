"""`mixup`: blend two pictures and their labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.ops.mix_op import MixOp
from vitral.augment.stages import Mix, Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class MixUp(MixOp, kind="mixup"):
    """Blend two pictures and their labels with one random weight.

    Masks, boxes and points stay those of the picture alone. A picture that another op has already mixed
    is left as it is.

    Source:
        Zhang et al. 2017, arXiv:1710.09412, eq. 1. Departure: a weight per picture, not per batch.
    """

    alpha: float = option(0.2, "of the distribution Beta(alpha, alpha) of the weight", low=0.01, high=10)
    p: float = option(1.0, "how often a picture is mixed", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Choose who is mixed, with whom, and how much."""
        count = len(frame)
        return (
            Mix(
                op="mixup",
                partner=self.partners(draw),
                share=self.shares(draw, self.alpha),
                blended=np.ones(count, dtype=np.bool_),
                pasted=np.zeros((count, 4), dtype=np.int64),
                chosen=draw.chosen(self.p),
            ),
        )
