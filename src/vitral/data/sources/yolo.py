"""Source `yolo`: one text file for each picture, a line for each object."""

import math
import re
from collections import Counter
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
from vitral.data.sources.object_lists import shown
from vitral.data.sources.raster import ObjectMasks
from vitral.data.sources.source import Source, splits_of_folders
from vitral.data.sources.yolo_yaml import read_data_yaml
from vitral.data.split import SPLIT_WORDS

_YAML_FILES = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
_CLASS_FILES = ("classes.txt", "obj.names", "labels/classes.txt")
_MOST_BYTES = 2**26
_MOST_YAML_BYTES = 2**22
_MOST_YAML_FILES = 16
_FEW_FOLDERS = 8
_AIR = 0.01  # How far beyond the picture rounding may put an object.


@dataclass(frozen=True, kw_only=True)
class Yolo(Source, kind="yolo"):
    """YOLO text files, in `labels` beside `images` or beside the pictures themselves.

    The names of the classes stand in `data.yaml` or `classes.txt`. A line is a class number and a box
    (center x and y, width, height), or the corners of an outline or of a turned box, or, with
    `kpt_shape` in `data.yaml`, a box and points; all as shares of the picture. The sizes of the
    pictures are read from the heads of their files. Pictures are split as `data.yaml` says (folders or
    lists of pictures, found by the end of their path, wherever the set was moved), else as lists
    called `train.txt` and the like say, else by the names of folders.
    """

    precedence: ClassVar[int] = 43

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        """A folder with `labels` that hold text files, or `data.yaml`, or text files beside pictures."""
        if not isinstance(place, Path) or not place.is_dir():
            return False
        try:
            folders = [one for one in sorted(place.iterdir()) if one.is_dir()]
        except OSError:
            return False
        for folder in (place, *(one for one in folders if one.name.lower() in SPLIT_WORDS)):
            if (folder / "labels").is_dir() and _has_labels(folder / "labels"):
                return True
        named = any((place / name).is_file() for name in _CLASS_FILES) or _yaml_file(place)
        near = (place, *folders) if len(folders) <= _FEW_FOLDERS else (place,)
        return bool(named) and any(_lies_beside(one) for one in near)

    def open(self, place: Path) -> PictureSet:
        """Read all text files; a picture without one has no objects, as YOLO means it.

        Raises:
            DataError: a line or the YAML cannot be understood.
            ImageError: the size of a picture cannot be told.
        """
        listing = list_pictures(place)
        known = _yaml(place)
        files = {key: _label_file(place, key) for key in listing.keys}
        without = [key for key in listing.keys if not (place / files[key]).is_file()]
        if len(without) == len(listing.keys):
            raise DataError(
                f"{one_line(place)}: must hold text files with the names of its pictures, found none"
            )
        source = FilePixels(place, listing.keys)
        shape, marked, broken, lost = _points_shape(known, place), Marked(), [], 0
        for row, key in enumerate(listing.keys):
            marked.next_picture()
            path = place / files[key]
            lines = _lines(path, where=files[key]) if path.is_file() else []
            if not lines:
                continue
            try:
                height, width = source.size(row)
            except ImageError as error:  # It is in the set still, and reading it will say so.
                broken.append(str(error))
                continue
            for number, line in enumerate(lines, start=1):
                if line:
                    where = f"{one_line(files[key])}, line {number}"
                    lost += not _add(marked, line, (width, height), shape, where)
        classes = _classes(place, known, marked.labels)
        labels = np.full(len(listing.keys), IGNORE, dtype=np.int64)
        given, said = _given_splits(place, known, listing.keys)
        splits, split_by = self.splits(listing.keys, labels, given or _splits(listing.keys))
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
            notes=(*listing.notes, *said, *_notes(without, broken, lost)),
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


def _lies_beside(folder: Path) -> bool:
    """Whether pictures and text files of the same names lie there, the texts of numbers."""
    try:
        names = [one.name for one in folder.iterdir()]
    except OSError:
        return False
    texts = {name[:-4] for name in names if name.endswith(".txt")}
    for name in names:
        stem, _, suffix = name.rpartition(".")
        if stem not in texts or suffix.lower() not in ("jpg", "jpeg", "png", "bmp", "webp"):
            continue
        try:
            words = next((line.split() for line in _lines(folder / f"{stem}.txt") if line), None)
        except DataError:
            return False
        if words:
            return len(words) >= 5 and all(re.fullmatch(r"[0-9.eE+-]+", word) for word in words)
    return False


def _label_file(place: Path, key: str) -> str:
    """The text file of a picture: `labels` in place of the last `images`, or beside it."""
    stem = key[: len(key) - len(key.rpartition(".")[2])]
    beside, parts = f"{stem}txt", f"{stem}txt".split("/")
    for at in range(len(parts) - 2, -1, -1):
        if parts[at].lower() == "images":
            parts[at] = "labels"
            path = "/".join(parts)
            return path if (place / path).is_file() or not (place / beside).is_file() else beside
    return beside


def _given_splits(
    place: Path, known: Mapping[str, Any], keys: Sequence[str]
) -> tuple[list[str] | None, list[str]]:
    """The splits that `data.yaml` or lists of pictures give, and what should be known of them."""
    said = {word: known[word] for word in SPLIT_WORDS if known.get(word) not in (None, "")}
    listed = not said  # Then a file of such a name may as well be something else.
    if listed:
        said = {word: f"{word}.txt" for word in SPLIT_WORDS if (place / f"{word}.txt").is_file()}
    if not said:
        return None, []
    rows = {key: row for row, key in enumerate(keys)}
    folders: dict[str, list[int]] = {"": list(rows.values())}
    for row, key in enumerate(keys):
        for at, letter in enumerate(key):
            if letter == "/":
                folders.setdefault(key[:at], []).append(row)
    given, notes, both = [""] * len(keys), [], 0
    for word, entries in said.items():
        for entry in entries if isinstance(entries, list) else [entries]:
            if not isinstance(entry, str):
                raise DataError(
                    f"{one_line(place)}: {word} must be a path or a list of such, got {shown(entry)}"
                )
            found = _meant(place, entry, rows, folders)
            if not found and not listed:
                notes.append(f"{word} is said to be '{one_line(entry)}', where no picture of the set is")
            for row in found:
                both += given[row] not in ("", SPLIT_WORDS[word])
                given[row] = given[row] or SPLIT_WORDS[word]
    if both:
        notes.append(f"{both:,} pictures are named for more than one split, and stay in the first of them")
    return given if any(given) else None, notes


def _meant(
    place: Path, entry: str, rows: Mapping[str, int], folders: Mapping[str, Sequence[int]]
) -> Sequence[int]:
    """The pictures of a folder or of a list, by the longest end of its path that is there."""
    for at, end in enumerate(_ends(entry)):
        # The last part alone, such as `images`, may be another folder than was meant.
        if end in folders and (at == 0 or "/" in end or end.lower() in SPLIT_WORDS):
            return folders[end]
        if end.endswith(".txt") and (place / end).is_file():
            lines = _lines(place / end)
            named = (next((rows[one] for one in _ends(line) if one in rows), None) for line in lines)
            return [row for row in dict.fromkeys(named) if row is not None]
    return []


def _ends(path: str) -> list[str]:
    """A path without more and more of its beginning: `a/b/c`, `b/c`, `c`; none leads out of the set."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    while ".." in parts:
        parts = parts[parts.index("..") + 1 :]
    return ["/".join(parts[at:]) for at in range(min(len(parts), 64))] or [""]


def _splits(keys: Sequence[str]) -> list[str] | None:
    by_top = splits_of_folders(keys)
    if by_top is not None:
        return by_top
    inner = [key.split("/")[1].lower().rstrip("0123456789_-") if key.count("/") >= 2 else "" for key in keys]
    words = {word for word in inner if word in SPLIT_WORDS}
    return [SPLIT_WORDS.get(word, "") for word in inner] if "train" in words else None


def _yaml(place: Path) -> Mapping[str, Any]:
    path = _yaml_file(place)
    if path is None:
        return {}
    text = "\n".join(_lines(path, strip=False, most_bytes=_MOST_YAML_BYTES))
    return read_data_yaml(text, one_line(path.name))


def _yaml_file(place: Path) -> Path | None:
    """`data.yaml`, or the one that lies there under another name and names classes."""
    usual = (place / name for name in _YAML_FILES)
    found = next((path for path in usual if path.is_file()), None)
    if found is not None:
        return found
    others = sorted(path for path in place.glob("*.y*ml") if path.is_file())[:_MOST_YAML_FILES]
    named = [path for path in others if _names_classes(path)]
    return named[0] if len(named) == 1 else None


def _names_classes(path: Path) -> bool:
    try:
        return any(line.startswith("names:") for line in _lines(path, most_bytes=_MOST_YAML_BYTES))
    except DataError:
        return False


def _lines(path: Path, *, where: str = "", strip: bool = True, most_bytes: int = _MOST_BYTES) -> list[str]:
    where = one_line(where or path.name)
    try:
        if path.stat().st_size > most_bytes:
            raise DataError(f"{where}: has more than {most_bytes:,} bytes, which is the limit")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{where}: {os_reason(error)}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: must be UTF-8 text, but byte {error.start} is not") from error
    return [line.strip() if strip else line for line in text.splitlines()]


def _points_shape(known: Mapping[str, Any], place: Path) -> tuple[int, int] | None:
    shape = known.get("kpt_shape")
    if shape is None:
        return None
    usual = isinstance(shape, list) and len(shape) == 2 and all(isinstance(n, int) for n in shape)
    if not usual or not 1 <= shape[0] <= 1000 or shape[1] not in (2, 3):
        raise DataError(f"{one_line(place)}: kpt_shape must be [points, 2 or 3], got {shown(shape)}")
    return shape[0], shape[1]


def _add(marked: Marked, line: str, size: tuple[int, int], shape: tuple[int, int] | None, where: str) -> bool:
    """Mark what a line says; False when it has no area inside the picture."""
    words = line.split()
    if not words[0].isascii() or not words[0].isdigit() or len(words[0]) > 5:
        raise DataError(f"{where}: must begin with a class number, got '{one_line(words[0][:40])}'")
    label, shares = str(int(words[0])), [_share(word, where) for word in words[1:]]
    width, height = size
    outline: Outline = ()
    points: list[float] = []
    if shape is not None and len(shares) == 4 + shape[0] * shape[1]:
        points = _points(shares[4:], shape[1], size, where)
    elif shape is None and len(shares) >= 6 and len(shares) % 2 == 0:
        _check(shares, "an outline", where)
        ring = np.clip(np.array(shares).reshape(-1, 2), 0, 1) * (width, height)
        outline = (ring,)
    elif len(shares) not in (4, 5):  # A fifth number is the confidence of a model that wrote the file.
        other = "an outline" if shape is None else f"a box and {shape[0]} points of {shape[1]} numbers"
        raise DataError(f"{where}: must be a class and a box, or a class and {other}, got {len(words)} words")
    if outline:
        low, high = outline[0].min(axis=0), outline[0].max(axis=0)
        corners = (*low.tolist(), *high.tolist())
    else:
        x, y, w, h = shares[:4]
        _check(shares[:4], "a box", where)
        if w < 0 or h < 0:
            raise DataError(f"{where}: a box must have no negative size, got '{one_line(line[:60])}'")
        corners = ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
    box = clipped(corners, width, height)
    if box is not None:
        marked.add(box, label, points=points, outline=outline)
    return box is not None


def _check(shares: Sequence[float], what: str, where: str) -> None:
    wrong = [share for share in shares if not -_AIR <= share <= 1 + _AIR]
    if wrong:
        raise DataError(f"{where}: {what} must be shares of the picture in [0, 1], got {wrong[0]:g}")


def _share(word: str, where: str) -> float:
    try:
        value = float(word) if word.isascii() and "_" not in word else math.nan
    except ValueError:
        value = math.nan
    if not abs(value) <= 1e6:
        raise DataError(f"{where}: must be made of numbers, got '{one_line(word[:40])}'")
    return value


def _points(shares: Sequence[float], each: int, size: tuple[int, int], where: str) -> list[float]:
    """x, y and visibility of each point, x and y in pixels; without visibility, negative is not marked."""
    found: list[float] = []
    for at in range(0, len(shares), each):
        x, y = shares[at : at + 2]
        seen = shares[at + 2] if each == 3 else 2.0 if x >= 0 and y >= 0 else 0.0
        if seen not in (0, 1, 2):
            raise DataError(f"{where}: the visibility of a point must be 0, 1 or 2, got {seen:g}")
        if seen:
            _check((x, y), "a point", where)
        found += [x * size[0], y * size[1], seen]
    return found


def _classes(place: Path, known: Mapping[str, Any], labels: Sequence[str]) -> tuple[str, ...]:
    """Names by number; numbers that have no name are an error, since the names would be wrong."""
    where, names, count = one_line(place), known.get("names"), known.get("nc")
    if isinstance(names, dict):
        wrong = [key for key in names if not re.fullmatch("[0-9]{1,5}", key)]
        if wrong:
            raise DataError(f"{where}: names must be numbered, got '{one_line(wrong[0])}'")
        by_number = {int(key): value for key, value in names.items()}
        names = [by_number.get(k, str(k)) for k in range(max(by_number, default=-1) + 1)]
    elif names is not None and not isinstance(names, list):
        raise DataError(f"{where}: names must be a list, or numbered, got {shown(names)}")
    if names is None:
        path = next((place / name for name in _CLASS_FILES if (place / name).is_file()), None)
        names = [] if path is None else "\n".join(_lines(path)).rstrip().splitlines()
    wrong = [str(k) for k, name in enumerate(names) if not isinstance(name, str | int) or name == ""]
    if wrong:
        raise DataError(f"{where}: each class must have a name, and the class {wrong[0]} has none")
    names = [str(name) for name in names]
    if len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise DataError(f"{where}: must name each class once, got '{one_line(twice)}' twice")
    highest = max((int(label) for label in labels), default=-1)
    if not isinstance(count, int | None) or (names and count not in (None, len(names))):
        many = f", which is {len(names)}" if names else ""
        raise DataError(f"{where}: nc must be the number of classes{many}, got {shown(count)}")
    if not names:
        names = [str(k) for k in range(max(highest + 1, min(count or 0, 10**5)))]
    if highest >= len(names):
        raise DataError(f"{where}: names {len(names)} classes, but an object has the number {highest}")
    return tuple(names)


def _notes(without: Sequence[str], broken: Sequence[str], lost: int) -> list[str]:
    notes = []
    if without:
        shown_names = some([f"'{one_line(key)}'" for key in without])
        notes.append(f"{len(without):,} pictures have no text file and so no objects: {shown_names}")
    if broken:
        notes.append(f"{len(broken):,} pictures whose size cannot be told have no objects: {some(broken)}")
    if lost:
        notes.append(f"{lost:,} objects without any area inside their picture left out")
    return notes
