"""`grayscale`: some pictures without their colors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.saturation import LUMA
from vitral.augment.stages import Color, Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Grayscale(Op, kind="grayscale"):
    """Replace all channels of some pictures by their luma.

    Source:
        ITU-R BT.601-7, section 2.5.1.
    """

    p: float = option(0.2, "how often a picture loses its colors", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Take the colors of some pictures."""
        grey = np.concatenate([np.tile(LUMA, (3, 1)), np.zeros((3, 1))], axis=1)
        color = Color.of(np.tile(grey, (len(frame), 1, 1)), op="grayscale")
        return (color.only(draw.chosen(self.p), frame.canvas),)
