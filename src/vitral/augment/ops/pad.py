"""`pad`: a larger canvas."""

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
class Pad(Op, kind="pad"):
    """Move the sides of the canvas out by whole pixels; below 0 they move in, and the picture is cropped.

    What is seen beyond the picture is what `border` of `Augmentation` says. In the end the canvas is
    brought to the input's size, as any other; `p` of `Sometimes` leaves pictures as they are.

    Raises:
        OptionError: `sides` names something that is not a side.
    """

    share: Param = option(0.0, "how far, as a share of the height or width", low=-0.49, high=10)
    px: Param = option(0.0, "what is added to that", unit="px", low=-100_000, high=100_000)
    sides: str = option("lrtb", "those that move, of left, right, top and bottom")
    apart: bool = option(True, "whether each side has a number of its own")

    zero = {"share": 0.0, "px": 0.0}  # noqa: RUF012
    example = {"share": (0.0, 0.2)}  # noqa: RUF012

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sides(self.sides, "Pad.sides")

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw how far each side moves."""
        known = {"sides": self.sides, "apart": self.apart}
        return (with_margins(draw, frame, self.share, self.px, **known, inward=False, op="pad"),)
