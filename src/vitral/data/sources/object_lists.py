"""Boxes and points as nested lists, the way tables, JSON and datasets hold them, made into `Objects`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitral.core import DataError
from vitral.data.objects import Objects
from vitral.data.one_line import one_line

ONE_CLASS = "object"
"""Name of the class of boxes that come without one."""

CORNERS, CORNER_AND_SIZE = "x0 y0 x1 y1", "x y width height"

_MOST = 1e9  # Pixels; no picture is larger.

Point = tuple[float, float, float]


@dataclass(kw_only=True)
class ObjectLists:
    """What is marked in each picture, collected picture by picture.

    Args:
        counts: number of objects of each picture.
        boxes: x0 y0 x1 y1 of each object.
        labels: class name or number of each object.
        points: x, y and visibility of the points of each object; empty where it has none.
    """

    counts: list[int] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    labels: list[int | str] = field(default_factory=list)
    points: list[list[Point]] = field(default_factory=list)

    def add(
        self, where: str, boxes: Any, labels: Any = None, points: Any = None, *, form: str = CORNERS
    ) -> None:
        """Take the objects of one picture.

        Args:
            where: the picture, for an error.
            boxes: a list of lists of four numbers; None: there are none but those around points.
            labels: a list with a name or a number for each box; None: all are of one class.
            points: for each box a list of x y, or of x y visibility; without boxes, a list of the
                points of one object.
            form: what the four numbers are.
        Raises:
            DataError: something has another type or length, or is no finite number.
        """
        clouds = None
        if points is not None:
            clouds = [points] if boxes is None and points else _list(where, points, "points")
            clouds = [[_point(where, point) for point in _list(where, cloud, "points")] for cloud in clouds]
        if boxes is None:
            found = [_around(where, cloud) for cloud in clouds or []]
        else:
            found = [_box(where, box, form) for box in _list(where, boxes, "boxes")]
        words = [ONE_CLASS] * len(found) if labels is None else _list(where, labels, "labels of boxes")
        for what, parts in (("label", words), ("list of points", clouds)):
            if parts is not None and len(parts) != len(found):
                raise DataError(
                    f"{where}: must have one {what} for each of its boxes, got {len(parts)} for {len(found)}"
                )
        self.counts.append(len(found))
        self.boxes += found
        self.labels += [label_of(where, word) for word in words]
        self.points += clouds or [[] for _ in found]

    def objects(self, where: str, number: dict[int | str, int]) -> Objects:
        """The objects of all pictures.

        Args:
            where: whose objects these are, for an error.
            number: class number of each label.
        Raises:
            DataError: the objects have different numbers of points.
        """
        return Objects(
            starts=np.concatenate([[0], np.cumsum(self.counts, dtype=np.int64)]),
            boxes=np.array(self.boxes, dtype=np.float64).reshape(-1, 4),
            labels=np.array([number[label] for label in self.labels], dtype=np.int64),
            points=self._points(where),
        )

    def _points(self, where: str) -> np.ndarray | None:
        """All points as one array; an object without any has them all unmarked."""
        sizes = {len(cloud) for cloud in self.points} - {0}
        if not sizes:
            return None
        if len(sizes) > 1:
            raise DataError(
                f"{where}: all objects must have as many points as the others, "
                f"got {min(sizes)} and {max(sizes)}"
            )
        unmarked = [(0.0, 0.0, 0.0)] * sizes.pop()
        return np.array([cloud or unmarked for cloud in self.points], dtype=np.float64)


def label_of(where: str, value: Any) -> int | str:
    """A class name or class number out of JSON or a table; 3.0 is 3, as columns with gaps hold it.

    Raises:
        DataError: it is neither.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        value = value.strip()
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise DataError(f"{where}: a label must be a name or a whole number, got {shown(value)}")
    return value


def shown(value: Any) -> str:
    """A value from elsewhere, short enough for a sentence."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # Numbers of thousands of digits are not written out.
        text = type(value).__name__
    return one_line(text if len(text) <= 40 else f"{text[:40]}...")


def _list(where: str, value: Any, what: str) -> Sequence[Any]:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        raise DataError(f"{where}: {what} must be a list, got {shown(value)}")
    return value


def _numbers(where: str, value: Any, what: str) -> list[float]:
    numbers = _list(where, value, what)
    for number in numbers:
        usual = isinstance(number, int | float | np.number) and not isinstance(number, bool)
        if not usual or not math.isfinite(number) or abs(number) > _MOST:
            raise DataError(f"{where}: {what} must be made of finite numbers, got {shown(number)}")
    return [float(number) for number in numbers]


def _box(where: str, value: Any, form: str) -> tuple[float, float, float, float]:
    numbers = _numbers(where, value, "a box")
    if len(numbers) != 4:
        raise DataError(f"{where}: a box must be four numbers {form}, got {shown(value)}")
    x0, y0, x1, y1 = numbers
    if form == CORNER_AND_SIZE:
        x1, y1 = x0 + x1, y0 + y1
    if x1 < x0 or y1 < y0:
        raise DataError(f"{where}: a box must be {form} and not turned inside out, got {shown(value)}")
    return x0, y0, x1, y1


def _point(where: str, value: Any) -> Point:
    numbers = _numbers(where, value, "a point")
    if len(numbers) not in (2, 3) or (len(numbers) == 3 and numbers[2] not in (0, 1, 2)):
        raise DataError(f"{where}: a point must be x y, or x y and 0, 1 or 2, got {shown(value)}")
    return numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else 2.0


def _around(where: str, cloud: list[Point]) -> tuple[float, float, float, float]:
    marked = [point for point in cloud if point[2]] or cloud
    if not marked:
        raise DataError(f"{where}: an object must have a box or a point, got neither")
    across, down = [point[0] for point in marked], [point[1] for point in marked]
    return min(across), min(down), max(across), max(down)
