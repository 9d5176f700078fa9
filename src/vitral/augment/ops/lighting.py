"""`lighting`: the light's color and strength, as photographs vary."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Color, Stage
from vitral.augment.variables import Normal, Param
from vitral.core import option

_SPREADS = np.array([0.2175, 0.0188, 0.0045])
_DIRECTIONS = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])


@dataclass(frozen=True, kw_only=True)
class Lighting(Op, kind="lighting"):
    """Add to all pixels a random sum of the three directions in which colors of photographs vary most.

    Source:
        Krizhevsky et al. 2012, "ImageNet classification with deep convolutional neural networks",
        section 4.1; the directions are those of ImageNet that torch's ResNet recipe made known.
    """

    deviation: Param = option(0.1, "of the three normal weights; the paper's is 0.1", low=0, high=10)

    zero = {"deviation": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw three weights per picture."""
        deviation = draw.value(self.deviation, "deviation")
        added = np.zeros((len(frame), 3))
        for number, (spread, direction) in enumerate(zip(_SPREADS, _DIRECTIONS.T, strict=True)):
            weight = deviation * draw.value(Normal(), f"weight.{number}")
            added += 255 * spread * weight[:, None] * direction
        matrix = np.tile(np.eye(3, 4), (len(frame), 1, 1))
        matrix[:, :, 3] = added
        return (Color.of(matrix, op="lighting"),)
