"""`stretch`: wider or taller things."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, about_center
from vitral.augment.op import Op
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Stretch(Op, kind="stretch"):
    """Make what is in a picture wider and taller, each by a factor of its own; the canvas keeps its size."""

    x: Param = option((0.8, 1.25), "width of things; pairs are drawn on the logarithm", low=0.01, high=100)
    y: Param = option((0.8, 1.25), "height of things; pairs are drawn on the logarithm", low=0.01, high=100)

    zero = {"x": 1.0, "y": 1.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw two factors per picture."""
        linear = np.zeros((len(frame), 2, 2))
        linear[:, 0, 0], linear[:, 1, 1] = 1 / draw.factor(self.x, "x"), 1 / draw.factor(self.y, "y")
        return (about_center(frame, linear, op="stretch"),)
