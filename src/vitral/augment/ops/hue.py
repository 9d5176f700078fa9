"""`hue`: turn the circle of colors."""

from collections.abc import Sequence
from dataclasses import dataclass

from vitral.augment import stages
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Hue(Op, kind="hue"):
    """Turn the hue circle of the HSV model; saturation and value stay.

    Source:
        Smith 1978, "Color gamut transform pairs", the hexcone model.
    """

    turn: Param = option((-0.05, 0.05), "in whole turns: 0.5 makes red cyan", low=-1, high=1)

    zero = {"turn": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[stages.Stage]:
        """Draw one turn per picture."""
        return (stages.Hue(op="hue", turn=draw.value(self.turn, "turn")),)
