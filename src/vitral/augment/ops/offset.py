"""`offset`: lighter or darker by the same amount everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Color, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Offset(Op, kind="offset"):
    """Add a constant to all levels, or one to each channel."""

    levels: Param = option((-20.0, 20.0), "what is added", low=-255, high=255)
    apart: bool = option(False, "each channel gets a number of its own")

    zero = {"levels": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one number per picture, or one per channel."""
        matrix = np.tile(np.eye(3, 4), (len(frame), 1, 1))
        for c in range(3):
            matrix[:, c, 3] = draw.value(self.levels, f"levels.{c}" if self.apart else "levels")
        return (Color.of(matrix, op="offset"),)
