"""`crop-to`: a part of a given size, or of a kind of sizes."""

from dataclasses import dataclass

from vitral.augment.ops.goals import GoalOp


@dataclass(frozen=True, kw_only=True)
class CropTo(GoalOp, kind="crop-to"):
    """Crop pictures to a size, or to the last one of a kind; a smaller picture stays as small as it is.

    With no size at all it is that of the input. Whole pixels are added or taken, so nothing is resampled.

    Raises:
        OptionError: the size is given in two ways.
    """

    larger = False
