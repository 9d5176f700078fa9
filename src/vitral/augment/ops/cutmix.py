"""`cutmix`: paste a part of one picture into another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.ops.mix_op import MixOp
from vitral.augment.stages import Mix, Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class CutMix(MixOp, kind="cutmix"):
    """Paste a rectangle of one picture into another; labels count by area.

    Masks, boxes and points are those of what is seen: of the partner within the rectangle, of the
    picture around it. A picture that another op has already mixed is left as it is.

    Source:
        Yun et al. 2019, arXiv:1905.04899, eq. 1-2. Departure: a rectangle per picture, not per batch.
    """

    alpha: float = option(1.0, "of the distribution Beta(alpha, alpha) of the area kept", low=0.01, high=10)
    p: float = option(0.5, "how often a picture is mixed", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Choose who gets a part of whom, and where."""
        side = np.sqrt(1 - self.shares(draw, self.alpha))
        x0, x1 = _span(draw.uniform("x"), side, frame.width)
        y0, y1 = _span(draw.uniform("y"), side, frame.height)
        # The rectangle is cut off at the border, so the share is taken from what is left of it.
        share = 1 - (x1 - x0) * (y1 - y0) / (frame.width * frame.height)
        return (
            Mix(
                op="cutmix",
                partner=self.partners(draw),
                share=share,
                blended=np.zeros(len(frame), dtype=np.bool_),
                pasted=np.stack([x0, y0, x1, y1], axis=1),
                chosen=draw.chosen(self.p) & (share < 1),
            ),
        )


def _span(center: np.ndarray, share: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    middle, half = center * length, share * length / 2
    low = np.floor(np.clip(middle - half, 0, length) + 0.5).astype(np.int64)
    return low, np.floor(np.clip(middle + half, 0, length) + 0.5).astype(np.int64)
