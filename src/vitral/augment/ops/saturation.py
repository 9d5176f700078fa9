"""`saturation`: paler or stronger colors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Color, Stage
from vitral.augment.variables import Param
from vitral.core import option

LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in the luma of ITU-R BT.601."""


@dataclass(frozen=True, kw_only=True)
class Saturation(Op, kind="saturation"):
    """Move colors away from the grey of their luma, or toward it: 0 is grey, 1 no change.

    Source:
        ITU-R BT.601-7, section 2.5.1, for the luma.
    """

    factor: Param = option((0.7, 1.3), "distance from grey, relative to before", low=0, high=10)

    zero = {"factor": 1.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one factor per picture."""
        factor = draw.value(self.factor, "factor")[:, None, None]
        matrix = factor * np.eye(3, 4)
        matrix[:, :, :3] += (1 - factor) * LUMA
        return (Color.of(matrix, op="saturation"),)
