"""`Objects`: things marked in pictures: boxes with a class, perhaps points and outlines."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from vitral.core import DataError

Outline = tuple[Float[NDArray[np.float64], "m xy=2"], ...]
"""The rings of one object's area, x y in pixels; inside is what an odd number of rings enclose."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Objects:
    """The objects of all pictures of a set, one picture after another.

    Coordinates are in the continuous frame of the upright picture: pixel i covers [i, i + 1).

    Args:
        starts: number of the first object of each row; one entry more than rows.
        boxes: x0 y0 x1 y1 with x0 <= x1 and y0 <= y1, in pixels.
        labels: class number of each object.
        crowd: objects that are neither to be found nor to be counted as mistakes: groups too dense
            to separate (COCO `iscrowd`), or too hard to tell (VOC `difficult`). None: no such.
        points: x, y and visibility (0 not marked, 1 hidden, 2 seen) of the same p points of each
            object; None without.
        outlines: the area of each object, `()` where only the box is known; None without.
    Raises:
        DataError: the parts contradict each other, or a number is not finite.
    """

    starts: Int[NDArray[np.int64], " rows+1"] = field(repr=False)
    boxes: Float[NDArray[np.float64], "n xyxy=4"]
    labels: Int[NDArray[np.int64], " n"]
    crowd: Bool[NDArray[np.bool_], " n"] = field(default=None)  # pyright: ignore[reportAssignmentType]
    points: Float[NDArray[np.float64], "n p xyv=3"] | None = None
    outlines: Sequence[Outline] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        count = len(self.labels)
        if self.crowd is None:
            object.__setattr__(self, "crowd", np.zeros(count, dtype=np.bool_))
        if self.boxes.shape != (count, 4) or self.crowd.shape != (count,):
            raise DataError(
                f"Objects: must have one box and one crowd flag for each of the {count} labels, "
                f"got {self.boxes.shape} and {self.crowd.shape}"
            )
        if len(self.starts) < 1 or self.starts[0] != 0 or self.starts[-1] != count:
            raise DataError(f"Objects.starts: must begin with 0 and end with {count}")
        if (np.diff(self.starts) < 0).any():
            raise DataError("Objects.starts: must never fall")
        if not np.isfinite(self.boxes).all() or (self.boxes[:, :2] > self.boxes[:, 2:]).any():
            raise DataError("Objects.boxes: must be finite x0 y0 x1 y1 with x0 <= x1 and y0 <= y1")
        if self.points is not None and (self.points.ndim != 3 or self.points.shape[::2] != (count, 3)):
            raise DataError(f"Objects.points: must be {count} x p x 3, got {self.points.shape}")
        if self.points is not None and not np.isfinite(self.points).all():
            raise DataError("Objects.points: must be finite")
        if self.outlines is not None and len(self.outlines) != count:
            raise DataError(f"Objects.outlines: must be {count}, got {len(self.outlines)}")

    def __len__(self) -> int:
        return len(self.labels)

    def of(self, row: int) -> "Objects":
        """The objects of one picture."""
        here = slice(int(self.starts[row]), int(self.starts[row + 1]))
        return Objects(
            starts=np.array([0, here.stop - here.start]),
            boxes=self.boxes[here],
            labels=self.labels[here],
            crowd=self.crowd[here],
            points=None if self.points is None else self.points[here],
            outlines=None if self.outlines is None else self.outlines[here],
        )
