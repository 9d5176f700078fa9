"""`coarse-dropout`: rectangles are covered."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Cover, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class CoarseDropout(Op, kind="coarse-dropout"):
    """Cover some rectangles of each picture with one grey: `count=1` is cutout.

    Source:
        DeVries and Taylor 2017, arXiv:1708.04552, section 3. Departure: the side is drawn, and grey is
        a level, not the mean of the set.
    """

    count: int = option(4, "rectangles in a picture", low=1, high=64)
    side: Param = option((0.05, 0.2), "their sides, as shares of the picture's", low=0, high=1)
    level: Param = option(128.0, "what covers", low=0, high=255)
    p: float = option(0.5, "how often a picture is covered", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw places and sides of rectangles per picture."""
        boxes, colors = [], []
        for number in range(self.count):
            own = draw.below(f"{number}")
            wide, tall = own.value(self.side, "wide") * frame.wide, own.value(self.side, "tall") * frame.tall
            x, y = own.uniform("x") * (frame.wide - wide), own.uniform("y") * (frame.tall - tall)
            boxes.append(np.stack([x, y, x + wide, y + tall], axis=1))
            colors.append(np.repeat(own.value(self.level, "level")[:, None], 3, axis=1))
        cover = Cover(
            op="coarse-dropout",
            boxes=np.stack(boxes, axis=1),
            colors=np.stack(colors, axis=1),
            canvas=frame.canvas,
        )
        return (cover.only(draw.chosen(self.p), frame.canvas),)
