"""`random-resized-crop`: a random part of the picture, brought to the input's size."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, part_of_canvas
from vitral.augment.op import Op
from vitral.augment.stages import Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class RandomResizedCrop(Op, kind="random-resized-crop"):
    """A random part of the picture, brought to the input's size.

    A part that would not fit into the picture is made smaller at its own ratio, so that nothing
    is ever stretched beyond `ratio`.

    Source:
        Szegedy et al. 2015, arXiv:1409.4842, section 6. Departure: one draw and then shrinking
        to fit, where the usual code draws again up to ten times.
    """

    scale: tuple[float, float] = option(
        (0.35, 1.0), "smallest and largest share of the area", low=0.01, high=1
    )
    ratio: tuple[float, float] = option(
        (3 / 4, 4 / 3), "smallest and largest width / height, relative to the input's", low=0.1, high=10
    )

    zero = {"scale": (1.0, 1.0), "ratio": (1.0, 1.0)}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """A random part of each picture."""
        area = draw.uniform("scale", *self.scale) * frame.tall * frame.wide
        ratio = np.exp(draw.uniform("ratio", *map(math.log, self.ratio))) * frame.width / frame.height
        wide, tall = np.sqrt(area * ratio), np.sqrt(area / ratio)
        fit = np.minimum(1.0, np.minimum(frame.wide / wide, frame.tall / tall))
        wide, tall = wide * fit, tall * fit
        x0 = draw.uniform("x") * (frame.wide - wide)
        y0 = draw.uniform("y") * (frame.tall - tall)
        into = np.array([[frame.height, frame.width]], dtype=np.float64)
        return (part_of_canvas(frame, x0, y0, wide, tall, op="random-resized-crop", into=into),)
