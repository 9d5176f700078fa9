"""`coco_document`: masks of many pictures as one COCO JSON file."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import DataError
from vitral.data.mask_files.polygons import polygons
from vitral.data.mask_files.runs import coco_runs

_BACKGROUND = "background"


def coco_document(
    answers: Iterable[tuple[str, UInt8[NDArray[np.uint8], "h w"]]],
    classes: Sequence[str],
    *,
    form: Literal["runs", "polygons"] = "runs",
    tolerance_px: float = 0.0,
) -> bytes:
    """Masks of many pictures as one COCO JSON file: one annotation for each class in a picture.

    Categories are numbered from 1; a first class named `background` is none, as in COCO.

    Args:
        answers: file name and mask of each picture; 255 is of no class.
        classes: their names, in the order of their numbers.
        form: compressed run lengths, which are exact, or polygons (see `polygons`).
        tolerance_px: of polygons: how far the outline may move.
    Returns:
        UTF-8.
    Raises:
        DataError: a mask holds a number that is no class.
    """
    first = 1 if classes and classes[0].lower() == _BACKGROUND else 0
    images: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    for number, (name, mask) in enumerate(answers, start=1):
        height, width = mask.shape
        images.append({"id": number, "file_name": name, "height": height, "width": width})
        present = np.flatnonzero(np.bincount(mask.ravel(), minlength=256)[:255]).tolist()
        if present and present[-1] >= len(classes):
            raise DataError(f"{name}: must hold numbers of {len(classes)} classes, got {present[-1]}")
        for kind in present:
            if kind < first:
                continue
            own = mask == kind
            outline = coco_runs(own) if form == "runs" else polygons(own, tolerance_px=tolerance_px)
            marks.append(
                {
                    "id": len(marks) + 1,
                    "image_id": number,
                    "category_id": kind - first + 1,
                    "segmentation": outline,
                    "area": int(own.sum()),
                    "bbox": _box(own),
                    "iscrowd": 0,
                }
            )
    categories = [{"id": n, "name": name} for n, name in enumerate(classes[first:], start=1)]
    document = {"images": images, "categories": categories, "annotations": marks}
    return json.dumps(document, ensure_ascii=False).encode()


def _box(own: NDArray[np.bool_]) -> list[int]:
    """x, y, width and height of what is there."""
    rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top]
