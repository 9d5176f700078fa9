"""`translate`: move pictures by a share of their size."""

from collections.abc import Sequence
from dataclasses import dataclass

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, moved
from vitral.augment.op import Op
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Translate(Op, kind="translate"):
    """Move pictures by a share of their size; what comes in from outside is reflected at the border."""

    x: Param = option((-0.1, 0.1), "to the right, as a share of the width", low=-1, high=1)
    y: Param = option((-0.1, 0.1), "down, as a share of the height", low=-1, high=1)

    zero = {"x": 0.0, "y": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one move per picture."""
        x, y = draw.value(self.x, "x") * frame.wide, draw.value(self.y, "y") * frame.tall
        return (moved(frame, -x, -y, op="translate"),)
