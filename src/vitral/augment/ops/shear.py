"""`shear`: slant pictures."""

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
class Shear(Op, kind="shear"):
    """Slant pictures around their center: rows slide along each other, and columns."""

    x_deg: Param = option((-10.0, 10.0), "slant of upright lines", unit="deg", low=-80, high=80)
    y_deg: Param = option(0.0, "slant of level lines", unit="deg", low=-80, high=80)

    zero = {"x_deg": 0.0, "y_deg": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw two slants per picture."""
        slants = [np.tan(np.deg2rad(draw.value(getattr(self, name), name))) for name in ("x_deg", "y_deg")]
        # What a slant of (x, y) moved is found by the inverse of [[1, x], [y, 1]].
        linear = np.tile(np.eye(2), (len(frame), 1, 1))
        linear[:, 0, 1], linear[:, 1, 0] = -slants[0], -slants[1]
        linear /= (1 - slants[0] * slants[1])[:, None, None]
        return (about_center(frame, linear, op="shear"),)
