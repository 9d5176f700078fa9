"""`crop`: something is cut off at each side."""

from collections.abc import Sequence
from dataclasses import dataclass

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.margins import check_sides, with_margins
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Crop(Op, kind="crop"):
    """Cut whole pixels off at the sides of the canvas; at least one is left.

    Raises:
        OptionError: `sides` names something that is not a side.
    """

    share: Param = option(0.0, "how much, as a share of the height or width", low=0, high=0.99)
    px: Param = option(0.0, "what is added to that", unit="px", low=0, high=100_000)
    sides: str = option("lrtb", "those that are cut, of left, right, top and bottom")
    apart: bool = option(True, "whether each side has a number of its own")

    zero = {"share": 0.0, "px": 0.0}  # noqa: RUF012
    example = {"share": (0.0, 0.1)}  # noqa: RUF012

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sides(self.sides, "Crop.sides")

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw how much goes at each side."""
        known = {"sides": self.sides, "apart": self.apart}
        return (with_margins(draw, frame, self.share, self.px, **known, inward=True, op="crop"),)
