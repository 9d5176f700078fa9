"""`polar-warp`: the picture in polar coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.fields import FINE, field, lattice
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class PolarWarp(Op, kind="polar-warp"):
    """Show pictures in polar coordinates: across is the distance from their center, down is the angle.

    It is what OpenCV's `warpPolar` makes with deg=0.0, which begins at the right and goes on clockwise.
    """

    deg: Param = option((0.0, 360.0), "the angle with which it begins", unit="deg", low=-360, high=360)
    radius: Param = option(1.0, "the greatest distance; 1 is that of the corners", low=0.05, high=4)
    p: float = option(0.5, "how often a picture is shown like this", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one angle and one radius per picture."""
        start, radius = np.deg2rad(draw.value(self.deg, "deg")), draw.value(self.radius, "radius")
        chosen, size = draw.chosen(self.p), frame.canvas[:, None, None, ::-1]
        at = lattice(frame, FINE, FINE)
        distance = at[..., 0] / size[..., 0] * (radius * np.hypot(*frame.canvas.T) / 2)[:, None, None]
        angle = at[..., 1] / size[..., 1] * (2 * np.pi) + start[:, None, None]
        places = size / 2 + distance[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=3)
        return (field(frame, places - at, chosen, op="polar-warp", smooth=True),)
