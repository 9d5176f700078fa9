"""`Marked`: the objects of one picture after another, collected while annotation files are read."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vitral.core import DataError
from vitral.data.objects import Objects, Outline

Numbers = tuple[float, float, float, float]


@dataclass(kw_only=True)
class Marked:
    """What is marked in pictures so far.

    Args:
        counts: objects of each picture.
        boxes: x0 y0 x1 y1 of each object.
        labels: class name of each object.
        crowd: whether each is neither to be found nor to be counted as a mistake.
        points: x, y, visibility of the points of each object; empty where it has none.
        outlines: area of each object; `()` where only its box is known.
    """

    counts: list[int] = field(default_factory=list)
    boxes: list[Numbers] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    crowd: list[bool] = field(default_factory=list)
    points: list[list[float]] = field(default_factory=list)
    outlines: list[Outline] = field(default_factory=list)

    def next_picture(self) -> None:
        """What is added from now on belongs to the next picture."""
        self.counts.append(0)

    def add(
        self,
        box: Numbers,
        label: str,
        *,
        crowd: bool = False,
        points: Sequence[float] = (),
        outline: Outline = (),
    ) -> None:
        """Mark an object in the present picture."""
        self.counts[-1] += 1
        self.boxes.append(box)
        self.labels.append(label)
        self.crowd.append(crowd)
        self.points.append(list(points))
        self.outlines.append(outline)

    def objects(self, where: str, number: Mapping[str, int]) -> Objects:
        """All of it as one value.

        Args:
            where: whose objects these are, for an error.
            number: class number of each name.
        Raises:
            DataError: the objects have different numbers of points.
        """
        sizes = {len(points) for points in self.points} - {0}
        if len(sizes) > 1:
            raise DataError(
                f"{where}: all objects must have as many points as the others, "
                f"got {min(sizes) // 3} and {max(sizes) // 3}"
            )
        points = None
        if sizes:
            unmarked = [0.0] * sizes.pop()
            points = np.array([one or unmarked for one in self.points]).reshape(len(self.points), -1, 3)
        return Objects(
            starts=np.concatenate([[0], np.cumsum(self.counts, dtype=np.int64)]),
            boxes=np.array(self.boxes, dtype=np.float64).reshape(-1, 4),
            labels=np.array([number[label] for label in self.labels], dtype=np.int64),
            crowd=np.array(self.crowd, dtype=np.bool_),
            points=points,
            outlines=self.outlines if any(self.outlines) else None,
        )


def clipped(box: Numbers, width: float, height: float) -> Numbers | None:
    """The part of a box inside a picture, its corners in order; None when nothing is left.

    A picture whose size is not known (0) clips nothing but what is left of or above it.
    """
    if not all(math.isfinite(number) for number in box):
        return None
    x0, x1 = sorted((box[0], box[2]))
    y0, y1 = sorted((box[1], box[3]))
    right, low = width or math.inf, height or math.inf
    x0, y0, x1, y1 = max(x0, 0.0), max(y0, 0.0), min(x1, right), min(y1, low)
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None
