"""`pad-to`: a canvas of a given size, or of a kind of sizes."""

from collections.abc import Sequence
from dataclasses import dataclass

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.goals import Goal
from vitral.augment.stages import Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class PadTo(Op, kind="pad-to"):
    """Pad pictures to a size, or to the next one of a kind; a larger picture stays as large as it is.

    With no size at all it is that of the input. Whole pixels are added or taken, so nothing is resampled.

    What is seen beyond the picture is what `border` of `Augmentation` says.

    Raises:
        OptionError: the size is given in two ways.
    """

    height: int | None = option(None, "rows; none leaves them", unit="px", low=1, high=100_000)
    width: int | None = option(None, "columns; none leaves them", unit="px", low=1, high=100_000)
    multiple: int | None = option(
        None, "of which height and width are multiples", unit="px", low=1, high=10_000
    )
    power: int | None = option(None, "of which height and width are powers, 2 or 3, say", low=2, high=100)
    aspect: float | None = option(None, "width / height; 1 is a square", low=0.01, high=100)
    spread: float = option(1.0, "how far from the center it may lie: 0 is the center", low=0, high=1)

    zero = {"height": None, "width": None, "multiple": 1}  # noqa: RUF012
    example = {"height": 70, "width": 90}  # noqa: RUF012

    def __post_init__(self) -> None:
        super().__post_init__()
        self._goal()

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one place per picture."""
        return (self._goal().reached(draw, frame, larger=True, spread=self.spread, op="pad-to"),)

    def _goal(self) -> Goal:
        return Goal(
            where="PadTo",
            height=self.height,
            width=self.width,
            multiple=self.multiple,
            power=self.power,
            aspect=self.aspect,
        )
