"""`affine-jitter`: turned, sheared, stretched and moved a little, all at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, identities
from vitral.augment.op import Op
from vitral.augment.stages import Stage, Warp
from vitral.augment.variables import Param
from vitral.core import option

# Where the points lie around the center, in thirds of the shorter side.
_CORNERS = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
_FLAT = 0.2


@dataclass(frozen=True, kw_only=True)
class AffineJitter(Op, kind="affine-jitter"):
    """Move three points around the center at random, and all else as the affine map of these points does.

    Source:
        Simard, Steinkraus and Platt 2003, "Best practices for convolutional neural networks", in the form
        of Hendrycks and Dietterich 2019, arXiv:1903.12261, "elastic". Departure: where areas would fall
        below a fifth or turn about, points move half as far.
    """

    reach: Param = option(
        (0.0, 0.05), "how far points move along x and y, in shorter sides of the canvas", low=0, high=0.3
    )

    zero = {"reach": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw where three points go, per picture."""
        side = frame.canvas.min(axis=1)[:, None, None]
        names = [[f"{axis}.{point}" for axis in "xy"] for point in range(3)]
        shares = np.stack([np.stack([draw.uniform(n, -1.0, 1.0) for n in row], 1) for row in names], axis=1)
        far = shares * draw.value(self.reach, "reach")[:, None, None] * side
        third = side[:, 0] / 3
        while True:
            # The second point lies above the first, and the third at the left of the second.
            x, y = (far[:, 1] - far[:, 2]) / (2 * third), (far[:, 0] - far[:, 1]) / (2 * third)
            grown = np.eye(2) + np.stack([x, y], axis=2)
            flat = np.linalg.det(grown) < _FLAT
            if not flat.any():
                break
            far[flat] /= 2
        center = frame.canvas[:, ::-1] / 2
        matrix = identities(len(frame))
        matrix[:, :2, :2] = grown
        at = center + third * _CORNERS[0]
        matrix[:, :2, 2] = at + far[:, 0] - (grown * at[:, None]).sum(axis=2)
        back = np.asarray(np.linalg.inv(matrix), np.float64)
        return (Warp(op="affine-jitter", matrix=back, canvas=frame.canvas),)
