"""Found boxes as files that other programs read: COCO, YOLO, CSV."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from vitral.core import OptionError, did_you_mean
from vitral.tasks.detect.answer import Detected, Found
from vitral.tasks.writing import Answered, one_by_one

FORMATS = ("coco", "yolo", "csv")
TOGETHER = ("coco", "csv")


def written(
    classes: tuple[str, ...], answers: Iterable[Answered], format: str
) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file.

    `coco` writes `annotations.json`, a set that can be opened again, and `results.json`, with the
    faint boxes too, as the evaluation of COCO wants them. `yolo` writes a text a picture, with the
    score as last number, and `data.yaml`. `csv` writes one row a box; a picture without any has a
    row of empty cells.

    Args:
        classes: class names in the order of their numbers.
        answers: pictures and what was found in them.
        format: `coco`, `yolo` or `csv`.
    Raises:
        OptionError: there is no such format.
        DataError: two pictures would share one text of `yolo`.
    """
    ways = {"coco": _coco, "yolo": _yolo, "csv": _csv}
    if format not in ways:
        raise OptionError(
            f"format: must be one of {', '.join(FORMATS)}, got {format!r}{did_you_mean(format, FORMATS)}"
        )
    return ways[format](classes, answers)


def _coco(classes: tuple[str, ...], answers: Iterable[Answered]) -> Iterator[tuple[str, bytes]]:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for number, one in enumerate(answers, start=1):
        answer = _detected(one)
        height, width = one.pixels.shape[:2]
        images.append({"id": number, "file_name": one.name, "width": width, "height": height})
        for found in answer.boxes:
            entry = _coco_entry(found, number)
            annotations.append(
                {"id": len(annotations) + 1, "iscrowd": 0, "area": entry["bbox"][2] * entry["bbox"][3]}
                | entry
            )
        results += [_coco_entry(found, number) for found in (*answer.boxes, *answer.faint)]
    categories = [{"id": k, "name": name} for k, name in enumerate(classes, start=1)]
    whole = {"images": images, "annotations": annotations, "categories": categories}
    yield "annotations.json", _json(whole)
    yield "results.json", _json(results)


def _coco_entry(found: Found, image: int) -> dict[str, Any]:
    x0, y0, x1, y1 = found.box
    bbox = [round(x0, 3), round(y0, 3), round(x1 - x0, 3), round(y1 - y0, 3)]
    return {"image_id": image, "category_id": found.number + 1, "bbox": bbox, "score": round(found.score, 5)}


def _yolo(classes: tuple[str, ...], answers: Iterable[Answered]) -> Iterator[tuple[str, bytes]]:
    names = "".join(f"  {k}: {json.dumps(name, ensure_ascii=False)}\n" for k, name in enumerate(classes))
    yield "data.yaml", f"names:\n{names}".encode()
    for stem, one in one_by_one(answers):
        height, width = one.pixels.shape[:2]
        lines = [_yolo_line(found, height, width) for found in _detected(one).boxes]
        yield f"labels/{stem}.txt", "".join(lines).encode()


def _yolo_line(found: Found, height: int, width: int) -> str:
    x0, y0, x1, y1 = found.box
    shares = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height)
    return f"{found.number} {' '.join(f'{share:.6f}' for share in shares)} {found.score:.5f}\n"


def _csv(classes: tuple[str, ...], answers: Iterable[Answered]) -> Iterator[tuple[str, bytes]]:
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("path", "label", "score", "x0", "y0", "x1", "y1"))
    for one in answers:
        found = _detected(one).boxes
        for box in found:
            corners = (f"{value:.3f}" for value in box.box)
            rows.writerow((one.name, box.label, f"{box.score:.5f}", *corners))
        if not found:
            rows.writerow((one.name, "", "", "", "", "", ""))
    yield "boxes.csv", text.getvalue().encode()


def _detected(one: Answered) -> Detected:
    assert isinstance(one.answer, Detected)
    return one.answer


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
