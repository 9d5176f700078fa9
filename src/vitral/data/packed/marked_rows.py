"""What is marked in the pictures of a shard: from its nested columns to one `Objects`."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.core import DataError
from vitral.data.objects import Objects, Outline

COLUMNS = ("boxes", "box_labels", "box_crowd", "points", "outlines")


def objects_of(table: Any) -> Objects | None:
    """The objects of all rows of a table with these columns; None when no row says anything.

    Raises:
        ValueError: the columns contradict each other; the text is the reason alone.
    """
    boxes, labels, crowd, points, outlines = (table[name].combine_chunks() for name in COLUMNS)
    if boxes.null_count == len(boxes):
        return None
    counts = _lengths(boxes)
    total = int(counts.sum())
    for column in (labels, crowd):
        if not np.array_equal(_lengths(column), counts):
            raise ValueError("its boxes differ in number from their labels")
    try:
        return Objects(
            starts=np.cumsum([0, *counts]),
            boxes=_values(boxes.flatten().flatten(), np.float64).reshape(total, 4),
            labels=_values(labels.flatten(), np.int64),
            crowd=_values(crowd.flatten(), np.bool_),
            points=_points(points, counts),
            outlines=None if outlines.null_count == len(outlines) else list(_outlines(outlines, counts)),
        )
    except DataError as error:
        raise ValueError(str(error)) from error


def _points(column: Any, counts: Int[NDArray[np.int64], " rows"]) -> NDArray[np.float64] | None:
    total = int(counts.sum())
    if column.null_count == len(column) or total == 0:
        return None
    numbers = _lengths(column.flatten())
    if not np.array_equal(_lengths(column), counts) or (numbers != numbers[0]).any() or numbers[0] % 3:
        raise ValueError("its objects differ in their number of points")
    return _values(column.flatten().flatten(), np.float64).reshape(total, numbers[0] // 3, 3)


def _outlines(column: Any, counts: Int[NDArray[np.int64], " rows"]) -> Iterator[Outline]:
    """The rings of each object; views into one array."""
    rows, rings = column.flatten(), column.flatten().flatten()
    of_row, of_object, of_ring = _lengths(column), iter(_lengths(rows).tolist()), _lengths(rings)
    ends = np.cumsum(of_ring)
    values = _values(rings.flatten(), np.float64)
    if (of_ring % 2).any():
        raise ValueError("a point of an outline lacks its y")
    ring = 0
    for said, count in zip(of_row.tolist(), counts.tolist(), strict=True):
        if said not in (0, count):
            raise ValueError("its boxes differ in number from their outlines")
        for _ in range(count):
            here = range(ring, ring + (next(of_object) if said else 0))
            yield tuple(values[ends[i] - of_ring[i] : ends[i]].reshape(-1, 2) for i in here)
            ring = here.stop


def _lengths(column: Any) -> Int[NDArray[np.int64], " n"]:
    return column.value_lengths().fill_null(0).to_numpy().astype(np.int64)


def _values(column: Any, dtype: Any) -> NDArray[Any]:
    if column.null_count:
        raise ValueError("a number is missing in it")
    return column.to_numpy(zero_copy_only=False).astype(dtype)
