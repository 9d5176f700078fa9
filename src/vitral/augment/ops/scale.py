"""`scale`: make what is in a picture larger or smaller, around its center."""

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
class Scale(Op, kind="scale"):
    """Make what is in a picture larger or smaller around its center; the canvas keeps its size.

    Factors are drawn on the logarithm, so that half and twice come alike.
    """

    factor: Param = option((0.8, 1.25), "size of things afterwards, relative to before", low=0.01, high=100)
    ratio: Param = option(1.0, "width against height of things, relative to before", low=0.05, high=20)

    zero = {"factor": 1.0, "ratio": 1.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one factor and one ratio per picture."""
        factor, stretch = draw.factor(self.factor, "factor"), np.sqrt(draw.factor(self.ratio, "ratio"))
        linear = np.zeros((len(frame), 2, 2))
        linear[:, 0, 0], linear[:, 1, 1] = 1 / (factor * stretch), stretch / factor
        return (about_center(frame, linear, op="scale"),)
