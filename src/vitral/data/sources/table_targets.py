"""What a table says of its pictures besides class and split: boxes, points, masks and weights."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from numpy.typing import NDArray

from vitral.core import DataError, ImageError
from vitral.data.decode import read_file, told
from vitral.data.one_line import one_line
from vitral.data.pixels import Masks
from vitral.data.sources.mask_numbers import mask_numbers
from vitral.data.sources.object_lists import CORNER_AND_SIZE, CORNERS, ObjectLists, shown
from vitral.data.sources.table_columns import Columns

_CORNERS = (
    ("xmin", "ymin", "xmax", "ymax"),
    ("x_min", "y_min", "x_max", "y_max"),
    ("x0", "y0", "x1", "y1"),
    ("x1", "y1", "x2", "y2"),
    ("left", "top", "right", "bottom"),
)
_BOXES = ("boxes", "bboxes", "bbox", "objects")
_BOX_LABELS = ("box_labels", "box_label", "bbox_labels", "object_labels", "categories")
_POINTS = ("points", "keypoints")
WEIGHTS, MASKS = ("weight", "weights", "sample_weight"), ("mask", "mask_path", "mask_file", "segmentation")

TARGETS = frozenset((*_BOXES, *_POINTS, *MASKS, *(name for names in _CORNERS for name in names)))
"""Names of columns with something else to learn than a class, in lower case."""


class TableMasks(Masks):
    """Masks in files that a table names."""

    def __init__(self, folder: Path, names: Sequence[str], keys: Sequence[str]) -> None:
        self._folder, self._names, self._keys = folder, names, keys

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w"]:
        path = self.path(row)
        if path is None:
            raise ImageError(f"{one_line(self._keys[row])}: has no mask in the table")
        name = self._names[row]
        return told(name, lambda: mask_numbers(read_file(path, name=name)))

    def path(self, row: int) -> Path | None:
        return self._folder / self._names[row] if self._names[row] else None


def named_column(columns: Columns, known: Sequence[str]) -> str | None:
    """The column that is called as people call it; None when there is none."""
    lower = {name.strip().lower(): name for name in reversed(columns)}
    return next((lower[name] for name in known if name in lower), None)


def corner_columns(columns: Columns) -> list[str] | None:
    """The four columns with the corners of one box a row; None when there are none."""
    for names in _CORNERS:
        found = [named_column(columns, [name]) for name in names]
        if all(name is not None for name in found):
            return [name for name in found if name is not None]
    return None


def boxes_of_rows(
    place: Path,
    columns: Columns,
    corners: Sequence[str],
    labels: Sequence[str] | None,
    picture_of: Sequence[int],
) -> ObjectLists:
    """The boxes of a table with one box a row; four empty cells mean a picture without.

    Args:
        place: the table.
        columns: its columns.
        corners: the four with x0, y0, x1, y1.
        labels: the class of each row; None: all are of one.
        picture_of: the number of the picture of each row.
    Raises:
        DataError: a cell is no number, or a box has no class where others have one.
    """
    count = max(picture_of, default=-1) + 1
    boxes: list[list[list[float]]] = [[] for _ in range(count)]
    words: list[list[str]] = [[] for _ in range(count)]
    for row, cells in enumerate(zip(*(columns[name] for name in corners), strict=True)):
        if all(cell is None or cell == "" for cell in cells):
            continue
        where = f"{one_line(place)}: row {row + 1}"
        boxes[picture_of[row]].append([_number(where, cell) for cell in cells])
        if labels is not None:
            words[picture_of[row]].append(labels[row])
    lists = ObjectLists()
    for number in range(count):
        where = f"{one_line(place)}: picture {number + 1}"
        lists.add(where, boxes[number], None if labels is None else words[number])
    return lists


def boxes_of_lists(place: Path, columns: Columns, keys: Sequence[str]) -> ObjectLists | None:
    """The boxes and points of a table that holds them as lists, one picture a row; None without.

    Lists are x0 y0 x1 y1 in pixels. A column of structures, `{"bbox": ..., "category": ...}` as
    in Hugging Face's `metadata.jsonl`, or a list of such, holds x y width height.

    Raises:
        DataError: a value is no list of boxes or points.
    """
    named = named_column(columns, _BOXES), named_column(columns, _BOX_LABELS), named_column(columns, _POINTS)
    if named[0] is None and named[2] is None:
        return None
    lists = ObjectLists()
    for row, key in enumerate(keys):
        where = f"{one_line(place)}: {one_line(key)}"
        boxes, labels, points = (None if n is None else _nested(where, columns[n][row]) for n in named)
        form = CORNERS
        if isinstance(boxes, dict) or (isinstance(boxes, list) and boxes and isinstance(boxes[0], dict)):
            boxes, labels = structured(where, boxes)
            form = CORNER_AND_SIZE
        if isinstance(boxes, list) and len(boxes) == 4 and not isinstance(boxes[0], list | tuple):
            boxes = [boxes]
        labels = labels if labels is None or isinstance(labels, list) else [labels]
        if boxes is None and (named[2] is None or points is None or len(points) == 0):
            boxes, points = [], None
        lists.add(where, boxes, labels if boxes else None, points, form=form)
    return lists


def structured(where: str, value: Any) -> tuple[list[Any], list[Any] | None]:
    """Boxes and labels of a structure of lists, or of a list of structures.

    Raises:
        DataError: there is no `bbox` in it.
    """
    parts = value if isinstance(value, list) else [value]
    boxes, labels = [], []
    for part in parts:
        lower = {str(name).lower(): inner for name, inner in part.items()} if isinstance(part, dict) else {}
        box = next((lower[name] for name in ("bbox", "bboxes", "boxes", "box") if name in lower), None)
        word = next(
            (lower[n] for n in ("category", "categories", "label", "labels", "category_id") if n in lower),
            None,
        )
        if box is None:
            raise DataError(f"{where}: objects must have a `bbox`, got {shown(part)}")
        if isinstance(value, dict):
            return box, word
        boxes.append(box)
        labels.append(word)
    return boxes, labels if any(label is not None for label in labels) else None


def weights_of(place: Path, texts: Sequence[str]) -> Float[NDArray[np.float64], " b"]:
    """The weight of each picture; an empty one is 1.

    Raises:
        DataError: one is no finite number above 0.
    """
    weights = [
        1.0 if not text else _number(f"{one_line(place)}: row {i}", text) for i, text in enumerate(texts, 1)
    ]
    for row, weight in enumerate(weights, start=1):
        if not (math.isfinite(weight) and weight > 0):
            raise DataError(
                f"{one_line(place)}: row {row}: a weight must be finite and above 0, got {weight:g}"
            )
    return np.array(weights)


def _nested(where: str, value: Any) -> Any:
    """A list or a structure; in a CSV file it is written as JSON."""
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return None if value == "" else value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: must be a list like [[0, 0, 9, 9]], got {shown(value)}") from error


def _number(where: str, cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: must be a number, got {shown(cell)}") from error
