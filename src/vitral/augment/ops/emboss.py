"""`emboss`: relief, lit from a side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.neighbors import correlated
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Emboss(Op, kind="emboss"):
    """Add the slope of the levels toward a light: edges get a bright and a dark side."""

    strength: Param = option((0.5, 1.5), "how much of the slope is added", low=0, high=10)
    deg: Param = option(
        (0.0, 360.0), "where the light comes from, clockwise from the right", unit="deg", low=-360, high=360
    )
    p: float = option(0.5, "how often a picture becomes a relief", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one light per picture."""
        strength, angle = draw.value(self.strength, "strength"), np.deg2rad(draw.value(self.deg, "deg"))

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4
            slope = -(np.cos(angle[i]) * across + np.sin(angle[i]) * across.T)
            kernel = strength[i] * slope
            kernel[1, 1] += 1
            return correlated(pixels, kernel.astype(np.float32))

        return (Filter(op="emboss", chosen=draw.chosen(self.p), apply=changed),)
