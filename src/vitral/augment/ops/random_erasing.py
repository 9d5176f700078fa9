"""`random-erasing`: one rectangle is covered."""

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
class RandomErasing(Op, kind="random-erasing"):
    """Cover one rectangle of random area, shape and place with one random color.

    Source:
        Zhong et al. 2017, arXiv:1708.04896, algorithm 1. Departures: one random color, not one for each
        pixel; a rectangle that is too long for the picture is cut to it, not drawn again.
    """

    area: Param = option((0.02, 0.4), "of the rectangle, as a share of the picture", low=0, high=1)
    ratio: Param = option((0.3, 3.3), "height to width; pairs are drawn on the logarithm", low=0.01, high=100)
    p: float = option(0.5, "how often a picture is covered", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one rectangle per picture."""
        pixels = draw.value(self.area, "area") * frame.tall * frame.wide
        ratio = draw.factor(self.ratio, "ratio")
        tall, wide = (
            np.minimum(np.sqrt(pixels * ratio), frame.tall),
            np.minimum(np.sqrt(pixels / ratio), frame.wide),
        )
        x, y = draw.uniform("x") * (frame.wide - wide), draw.uniform("y") * (frame.tall - tall)
        colors = [draw.uniform(name, 0.0, 255.0) for name in ("red", "green", "blue")]
        cover = Cover(
            op="random-erasing",
            boxes=np.stack([x, y, x + wide, y + tall], axis=1)[:, None],
            colors=np.stack(colors, axis=1)[:, None],
            canvas=frame.canvas,
        )
        return (cover.only(draw.chosen(self.p), frame.canvas),)
