"""`pad-to`: a canvas of a given size, or of a kind of sizes."""

from dataclasses import dataclass

from vitral.augment.ops.goals import GoalOp


@dataclass(frozen=True, kw_only=True)
class PadTo(GoalOp, kind="pad-to"):
    """Pad pictures to a size, or to the next one of a kind; a larger picture stays as large as it is.

    With no size at all it is that of the input. Whole pixels are added or taken, so nothing is resampled.

    What is seen beyond the picture is what `border` of `Augmentation` says.

    Raises:
        OptionError: the size is given in two ways.
    """

    larger = True
    example = {"height": 70, "width": 90}  # noqa: RUF012
