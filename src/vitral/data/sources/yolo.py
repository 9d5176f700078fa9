"""Source `yolo`: one text file for each picture, a line for each object."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from vitral.core import IGNORE, DataError, ImageError
from vitral.data.objects import Outline
from vitral.data.one_line import one_line
from vitral.data.os_reason import os_reason
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import FilePixels
from vitral.data.sources.class_notes import some
from vitral.data.sources.listing import list_pictures
from vitral.data.sources.marked import Marked, clipped
from vitral.data.sources.raster import ObjectMasks
from vitral.data.sources.source import Source, splits_of_folders
from vitral.data.sources.yolo_yaml import read_data_yaml
from vitral.data.split import SPLIT_WORDS

_YAML_FILES = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
_CLASS_FILES = ("classes.txt", "obj.names", "labels/classes.txt")
_AIR = 0.01  # How far beyond the picture rounding may put an object.


@dataclass(frozen=True, kw_only=True)
class Yolo(Source, kind="yolo"):
    """YOLO text files, in `labels` beside `images` or beside the pictures themselves.

    The names of the classes stand in `data.yaml` or `classes.txt`. A line is a class number and a box
    (center x and y, width, height), or the corners of an outline, or, with `kpt_shape` in
    `data.yaml`, a box and points; all as shares of the picture. The sizes of the pictures are read
    from the heads of their files.
    """

    precedence: ClassVar[int] = 43

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        """A folder with `labels` that hold text files, or `data.yaml`, or text files beside pictures."""
        if not isinstance(place, Path) or not place.is_dir():
            return False
        folders = (place, *(place / name for name in SPLIT_WORDS if (place / name).is_dir()))
        for folder in folders:
            if (folder / "labels").is_dir() and _has_labels(folder / "labels"):
                return True
        return _lies_beside(place)

    def open(self, place: Path) -> PictureSet:
        """Read all text files; a picture without one has no objects, as YOLO means it.

        Raises:
            DataError: a line or the YAML cannot be understood.
            ImageError: the size of a picture cannot be told.
        """
        listing = list_pictures(place)
        known = _yaml(place)
        files = {key: _label_file(key) for key in listing.keys}
        without = [key for key in listing.keys if not (place / files[key]).is_file()]
        if len(without) == len(listing.keys):
            raise DataError(
                f"{one_line(place)}: must hold text files with the names of its pictures, found none"
            )
        source = FilePixels(place, listing.keys)
        shape, marked, broken = _points_shape(known, place), Marked(), []
        for row, key in enumerate(listing.keys):
            marked.next_picture()
            path = place / files[key]
            lines = _lines(path) if path.is_file() else []
            if not lines:
                continue
            try:
                height, width = source.size(row)
            except ImageError as error:  # It is in the set still, and reading it will say so.
                broken.append(str(error))
                continue
            for number, line in enumerate(lines, start=1):
                if line:
                    _add(marked, line, (width, height), shape, f"{one_line(files[key])}, line {number}")
        classes = _classes(place, known, marked.labels)
        labels = np.full(len(listing.keys), IGNORE, dtype=np.int64)
        splits, split_by = self.splits(listing.keys, labels, _splits(listing.keys))
        objects = marked.objects(one_line(place), {str(k): k for k in range(len(classes))})
        outlined = objects.outlines is not None and len(classes) < 255
        return PictureSet(
            name=place.resolve().name,
            keys=tuple(listing.keys),
            source=source,
            classes=classes,
            labels=labels,
            splits=splits,
            root=place,
            origin="YOLO",
            split_by=split_by,
            notes=(*listing.notes, *_notes(without, broken)),
            masks=ObjectMasks(objects, source) if outlined else None,
            mask_classes=("background", *classes) if outlined else (),
            objects=objects,
        )


def _has_labels(folder: Path) -> bool:
    try:
        for one in folder.iterdir():
            if one.suffix == ".txt" and one.name != "classes.txt":
                return True
            if one.is_dir() and any(inner.suffix == ".txt" for inner in one.iterdir()):
                return True
    except OSError:
        return False
    return False


def _lies_beside(place: Path) -> bool:
    """Pictures and text files of the same names, with the names of the classes."""
    if not any((place / name).is_file() for name in (*_CLASS_FILES, *_YAML_FILES)):
        return False
    try:
        names = [one.name for one in place.iterdir()]
    except OSError:
        return False
    texts = {name[:-4] for name in names if name.endswith(".txt")}
    return any(
        name.rpartition(".")[0] in texts for name in names if name.lower().endswith((".jpg", ".jpeg", ".png"))
    )


def _label_file(key: str) -> str:
    """The text file of a picture: `labels` in place of the last `images`, or beside it."""
    folder, _, name = key.rpartition("/")
    parts = folder.split("/") if folder else []
    for at in range(len(parts) - 1, -1, -1):
        if parts[at].lower() == "images":
            parts[at] = "labels"
            break
    return "/".join((*parts, name.rpartition(".")[0] + ".txt"))


def _splits(keys: Sequence[str]) -> list[str] | None:
    by_top = splits_of_folders(keys)
    if by_top is not None:
        return by_top
    inner = [key.split("/")[1].lower() if key.count("/") >= 2 else "" for key in keys]
    words = {word for word in inner if word in SPLIT_WORDS}
    return [SPLIT_WORDS.get(word, "") for word in inner] if "train" in words else None


def _yaml(place: Path) -> Mapping[str, Any]:
    for name in _YAML_FILES:
        if (place / name).is_file():
            return read_data_yaml("\n".join(_lines(place / name, strip=False)), name)
    return {}


def _lines(path: Path, *, strip: bool = True) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{one_line(path.name)}: {os_reason(error)}") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{one_line(path.name)}: must be UTF-8 text, but byte {error.start} is not"
        ) from error
    return [line.strip() if strip else line for line in text.splitlines()]


def _points_shape(known: Mapping[str, Any], place: Path) -> tuple[int, int] | None:
    shape = known.get("kpt_shape")
    if shape is None:
        return None
    usual = isinstance(shape, list) and len(shape) == 2 and all(isinstance(n, int) for n in shape)
    if not usual or not 1 <= shape[0] <= 1000 or shape[1] not in (2, 3):
        raise DataError(f"{one_line(place)}: kpt_shape must be [points, 2 or 3], got {one_line(shape)}")
    return shape[0], shape[1]


def _add(marked: Marked, line: str, size: tuple[int, int], shape: tuple[int, int] | None, where: str) -> None:
    words = line.split()
    if not words[0].isascii() or not words[0].isdigit() or len(words[0]) > 6:
        raise DataError(f"{where}: must begin with a class number, got '{one_line(words[0][:40])}'")
    label, shares = str(int(words[0])), [_share(word, where) for word in words[1:]]
    width, height = size
    outline: Outline = ()
    points: list[float] = []
    if shape is not None and len(shares) == 4 + shape[0] * shape[1]:
        points = _points(shares[4:], shape[1], size)
    elif len(shares) >= 6 and len(shares) % 2 == 0:
        ring = np.clip(np.array(shares).reshape(-1, 2), 0, 1) * (width, height)
        outline = (ring,)
        low, high = ring.min(axis=0), ring.max(axis=0)
        marked.add((*low.tolist(), *high.tolist()), label, outline=outline)
        return
    elif len(shares) not in (4, 5):  # A fifth number is the confidence of a model that wrote the file.
        raise DataError(
            f"{where}: must be a class and a box, or a class and an outline, got {len(words)} words"
        )
    x, y, w, h = shares[:4]
    if not (-_AIR <= x <= 1 + _AIR and -_AIR <= y <= 1 + _AIR and 0 <= w <= 1 + _AIR and 0 <= h <= 1 + _AIR):
        raise DataError(
            f"{where}: a box must be shares of the picture in [0, 1], got '{one_line(line[:60])}'"
        )
    box = clipped(
        ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height), width, height
    )
    if box is not None:
        marked.add(box, label, points=points)


def _share(word: str, where: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not abs(value) <= 1e6:
        raise DataError(f"{where}: must be made of numbers, got '{one_line(word[:40])}'")
    return value


def _points(shares: Sequence[float], each: int, size: tuple[int, int]) -> list[float]:
    found: list[float] = []
    for at in range(0, len(shares), each):
        x, y = shares[at] * size[0], shares[at + 1] * size[1]
        seen = shares[at + 2] if each == 3 else 2.0
        found += [x, y, float(min(max(round(seen), 0), 2))]
    return found


def _classes(place: Path, known: Mapping[str, Any], labels: Sequence[str]) -> tuple[str, ...]:
    """Names by number; numbers that have no name are an error, since the names would be wrong."""
    names = known.get("names")
    if isinstance(names, dict):
        wrong = [key for key in names if not str(key).isdigit() or int(key) >= 10**5]
        if wrong:
            raise DataError(f"{one_line(place)}: names must be numbered, got '{one_line(wrong[0])}'")
        by_number = {int(key): str(value) for key, value in names.items()}
        names = [by_number.get(k, str(k)) for k in range(max(by_number, default=-1) + 1)]
    if not isinstance(names, list):
        path = next((place / name for name in _CLASS_FILES if (place / name).is_file()), None)
        names = [] if path is None else [line for line in _lines(path) if line]
    highest = max((int(label) for label in labels), default=-1)
    if not names:
        names = [str(k) for k in range(highest + 1)]
    if highest >= len(names):
        raise DataError(
            f"{one_line(place)}: names {len(names)} classes, but an object has the number {highest}"
        )
    return tuple(str(name) for name in names)


def _notes(without: Sequence[str], broken: Sequence[str]) -> list[str]:
    notes = []
    if without:
        notes.append(f"{len(without):,} pictures have no text file and so no objects: {some(without)}")
    if broken:
        notes.append(f"{len(broken):,} pictures whose size cannot be told have no objects: {some(broken)}")
    return notes
