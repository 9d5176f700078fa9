"""`piecewise-affine`: a grid of points is moved, and what lies between follows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.fields import field, normals
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option

_ROOM = 0.45


@dataclass(frozen=True, kw_only=True)
class PiecewiseAffine(Op, kind="piecewise-affine"):
    """Move the points of a grid at random; between them moves are linear, or smooth.

    No point goes farther than 0.45 of the way to its neighbors, so that none passes another.
    """

    deviation: Param = option(
        (0.0, 0.04), "standard deviation of the moves, as a share of the sides", low=0, high=0.5
    )
    rows: int = option(4, "of points, from the upper to the lower border", low=2, high=64)
    columns: int = option(4, "of points, from the left to the right border", low=2, high=64)
    smooth: bool = option(False, "whether lines bend instead of breaking at the points, like rubber")
    p: float = option(0.5, "how often a picture is bent", low=0, high=1)

    zero = {"deviation": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one deviation per picture, and where all points go."""
        deviation, chosen = draw.value(self.deviation, "deviation"), draw.chosen(self.p)
        shares = normals(draw, "moves", (self.rows, self.columns, 2), len(frame))
        room = _ROOM / (np.array([self.columns, self.rows]) - 1)
        shares = np.clip(shares * deviation[:, None, None, None], -room, room)
        moves = shares * frame.canvas[:, None, None, ::-1]
        return (field(frame, moves, chosen, op="piecewise-affine", smooth=self.smooth),)
