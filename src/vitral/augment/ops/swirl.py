"""`swirl`: the middle turns farther than what is around it."""

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
class Swirl(Op, kind="swirl"):
    """Turn pictures around their center, clockwise, and less and less with the distance from it."""

    deg: Param = option((-60.0, 60.0), "angle at the center", unit="deg", low=-720, high=720)
    radius: Param = option(0.25, "where it is half of that, in shorter sides", low=0.02, high=10)
    p: float = option(0.5, "how often a picture is bent", low=0, high=1)

    zero = {"deg": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one angle and one radius per picture."""
        angle, chosen = np.deg2rad(draw.value(self.deg, "deg")), draw.chosen(self.p)
        radius = draw.value(self.radius, "radius") * frame.canvas.min(axis=1)
        away = lattice(frame, FINE, FINE) - frame.canvas[:, None, None, ::-1] / 2
        x, y = away[..., 0], away[..., 1]
        turn = angle[:, None, None] * 0.5 ** ((x**2 + y**2) / radius[:, None, None] ** 2)
        cos, sin = np.cos(turn), np.sin(turn)
        # Where a point of the turned picture was: turned back.
        moves = np.stack([cos * x + sin * y, cos * y - sin * x], axis=3) - away
        return (field(frame, moves, chosen, op="swirl", smooth=True),)
