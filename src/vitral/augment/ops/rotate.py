"""`rotate`: turn pictures around their center."""

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
class Rotate(Op, kind="rotate"):
    """Turn pictures around their center, clockwise; the canvas keeps its size."""

    deg: Param = option((-20.0, 20.0), "angle", unit="deg", low=-360, high=360)

    zero = {"deg": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one angle per picture."""
        angle = np.deg2rad(draw.value(self.deg, "deg"))
        cos, sin = np.cos(angle), np.sin(angle)
        # Where a point of the turned picture was: turned back.
        linear = np.stack([np.stack([cos, sin], axis=1), np.stack([-sin, cos], axis=1)], axis=1)
        return (about_center(frame, linear, op="rotate"),)
