"""Source `coco`: COCO JSON with boxes, outlines and points."""

import json
import math
import os
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from vitral.data.sources.marked import Marked, clipped
from vitral.data.sources.object_lists import shown
from vitral.data.sources.raster import ObjectMasks, outline_of, run_lengths, run_pixels, united
from vitral.data.sources.source import Source
from vitral.data.split import SPLIT_WORDS, unit_hash

_MOST_BYTES = 2**31
_MOST_FILES = 64  # More of them in one folder belong to one picture each, in another form.
_LOOKED_AT = 32
_FOLDERS = ("", "images", "imgs", "JPEGImages", "data")
# First what names objects; the last three name none.
_KINDS = ("instances", "person_keypoints")
_OTHER_KINDS = ("captions", "image_info", "panoptic")


@dataclass(frozen=True, kw_only=True)
class Coco(Source, kind="coco"):
    """COCO JSON: one file, one for each split in `annotations/`, or one in each split's folder.

    In `annotations/`, `instances_*.json` are taken before `person_keypoints_*.json`; a file itself can
    be opened too.

    Outlines come from polygons and from run lengths of both forms; `iscrowd` objects are neither to be
    found nor counted as mistakes. Where objects have outlines, masks are drawn from them: 0 is
    background, category k is k + 1. COCO's coordinates are taken as they are, as continuous pixels.
    """

    precedence: ClassVar[int] = 44

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        """A COCO file, or a folder with such files where they usually are."""
        return isinstance(place, Path) and bool(_files(place))

    def open(self, place: Path) -> PictureSet:
        """Read the JSON; pictures whose file is missing are noted and left out.

        Raises:
            DataError: the JSON is damaged, contradicts itself, or names no picture that is there.
        """
        root = place if place.is_dir() else place.parent
        if root != place and root.name.lower() == "annotations":
            root = root.parent
        reading = _Reading(root=root)
        for path, split in _files(place):
            reading.read(path, split)
        if not reading.keys:
            first = f", such as '{one_line(reading.missing[0])}'" if reading.missing else ""
            raise DataError(f"{one_line(place)}: must name pictures that exist{first}, but found none")
        order = sorted(range(len(reading.keys)), key=reading.keys.__getitem__)
        marked = Marked()
        for number in order:
            marked.next_picture()
            for one in reading.objects[number]:
                marked.add(*one[:2], crowd=one[2], points=one[3], outline=one[4])
        classes = tuple(reading.classes)
        keys = [reading.keys[number] for number in order]
        source, labels = FilePixels(root, keys), np.full(len(keys), IGNORE, dtype=np.int64)
        given = [reading.splits[number] for number in order]
        splits, split_by = self.splits(keys, labels, given if any(given) else None)
        objects = marked.objects(one_line(place), {name: k for k, name in enumerate(classes)})
        outlined = objects.outlines is not None
        return PictureSet(
            name=place.resolve().name if place.is_dir() else place.stem,
            keys=tuple(keys),
            source=source,
            classes=classes,
            labels=labels,
            splits=splits,
            root=root,
            origin="COCO",
            split_by=split_by,
            notes=(*reading.notes(), *_turned(source, keys, [reading.sizes[number] for number in order])),
            masks=ObjectMasks(objects, source) if outlined and len(classes) < 255 else None,
            mask_classes=("background", *classes) if outlined and len(classes) < 255 else (),
            objects=objects,
        )


_Object = tuple[tuple[float, float, float, float], str, bool, list[float], Outline]


@dataclass(kw_only=True)
class _Reading:
    """What the files said so far."""

    root: Path
    keys: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    objects: list[list[_Object]] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    named_by: dict[str, str] = field(default_factory=dict)
    lost: int = 0

    def read(self, path: Path, split: str) -> None:
        """Add one file.

        Raises:
            DataError: it is damaged or contradicts itself or those before.
        """
        where = one_line(path.relative_to(self.root).as_posix())
        data = _json(path, where)
        names = self._categories(where, _list(where, data, "categories"))
        folders, found = _folders(path, self.root, split), dict[int, int]()
        sizes: dict[int, tuple[int, int]] = {}
        for image in _list(where, data, "images"):
            number = _id(where, image, "id")
            if number in sizes:
                raise DataError(f"{where}: must give each picture an id of its own, got {number} twice")
            sizes[number] = (_size(where, image, "height"), _size(where, image, "width"))
            key = self._key(where, image, folders)
            if key is None:
                continue
            found[number] = len(self.keys)
            self.keys.append(key)
            self.sizes.append(sizes[number])
            self.splits.append(split)
            self.objects.append([])
        for mark in _list(where, data, "annotations"):
            number, category = _id(where, mark, "image_id"), _id(where, mark, "category_id")
            if number not in sizes:
                raise DataError(f"{where}: an annotation names the picture {number}, which is not listed")
            if category not in names:
                raise DataError(f"{where}: an annotation names the category {category}, which is not listed")
            if number not in found:
                continue
            try:
                self._add(mark, found[number], names[category], sizes[number])
            except DataError as error:
                raise DataError(f"{where}, annotation {shown(mark.get('id'))}: {error}") from error

    def notes(self) -> list[str]:
        """Sentences for a person about what was left out."""
        notes = []
        if self.missing:
            names = [f"'{one_line(name)}'" for name in self.missing]
            notes.append(f"{len(names):,} pictures left out because their file does not exist: {some(names)}")
        if self.lost:
            notes.append(f"{self.lost:,} objects without any area inside their picture left out")
        return notes

    def _categories(self, where: str, given: Sequence[Any]) -> dict[int, str]:
        names: dict[int, str] = {}
        for category in given:
            number, name = _id(where, category, "id"), category.get("name")
            if not isinstance(name, str) or not name.strip():
                raise DataError(f"{where}: a category must have a name, got {shown(name)}")
            if number in names:
                raise DataError(f"{where}: must give each category an id of its own, got {number} twice")
            names[number] = name.strip()
        for _, name in sorted(names.items()):
            if name not in self.classes:
                self.classes.append(name)
        return names

    def _key(self, where: str, image: Mapping[str, Any], folders: list[str]) -> str | None:
        """The picture's path below the root, wherever it usually lies; None when it is nowhere."""
        name = image.get("file_name")
        if not isinstance(name, str) or not name:
            raise DataError(f"{where}: a picture must have a file_name, got {shown(name)}")
        plain = name.replace("\\", "/")
        if plain.startswith("/") or ".." in plain.split("/") or "\0" in name:
            raise DataError(f"{where}: a file_name must stay in the folder, got '{one_line(name)}'")
        for spelled in dict.fromkeys((name, plain)):
            for at, folder in enumerate(folders):
                if not os.path.isfile(os.path.join(self.root, folder, spelled)):
                    continue
                folders.insert(0, folders.pop(at))  # The next one most likely lies there too.
                key = posixpath.normpath(posixpath.join(folder, spelled))
                if key in self.named_by:
                    other = self.named_by[key]
                    again = " twice" if other == where else f", and so does {other}"
                    raise DataError(f"{where}: lists the picture '{one_line(key)}'{again}")
                self.named_by[key] = where
                return key
        self.missing.append(name)
        return None

    def _add(self, mark: Mapping[str, Any], number: int, name: str, size: tuple[int, int]) -> None:
        height, width = size
        outline = _outline(mark.get("segmentation"), height, width)
        box = mark.get("bbox")
        if box is None and outline:
            corners = np.concatenate(outline)
            x0, y0, x1, y1 = (*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())
        else:
            x0, y0, w, h = _numbers(box, "a bbox", 4)
            x1, y1 = x0 + w, y0 + h
            if w < 0 or h < 0:
                raise DataError(
                    f"a bbox must be x, y, width, height, the last two not negative, got {shown(box)}"
                )
        points = mark.get("keypoints")
        cloud = [] if points is None else _numbers(points, "keypoints")
        if len(cloud) % 3:
            raise DataError(f"keypoints must be x, y, visibility of each, got {len(cloud)} numbers")
        wrong = [seen for seen in cloud[2::3] if seen not in (0, 1, 2)]
        if wrong:
            raise DataError(f"the visibility of a keypoint must be 0, 1 or 2, got {wrong[0]:g}")
        inside = clipped((x0, y0, x1, y1), width, height)
        if inside is None:
            self.lost += 1
            return
        crowd = mark.get("iscrowd", 0) in (1, True)
        self.objects[number].append((inside, name, crowd, cloud, outline))


def _turned(source: FilePixels, keys: Sequence[str], sizes: Sequence[tuple[int, int]]) -> list[str]:
    """A note when pictures have another size than the annotations say; a few, always the same, are looked at.

    Such a set was scaled, or its pictures are turned by EXIF and the annotations are not.
    """
    looked_at = sorted(range(len(keys)), key=lambda row: unit_hash(keys[row]))[:_LOOKED_AT]
    wrong = []
    for row in sorted(row for row in looked_at if all(sizes[row])):
        try:
            height, width = source.size(row)
        except ImageError:  # Reading it will say so.
            continue
        if (height, width) != sizes[row]:
            said = f"{sizes[row][1]} x {sizes[row][0]}"
            wrong.append(f"'{one_line(keys[row])}' ({width} x {height}, not {said})")
    if not wrong:
        return []
    return [
        f"{len(wrong):,} of {len(looked_at):,} pictures looked at have another size than the annotations "
        f"say, so that boxes may be elsewhere: {some(wrong)}"
    ]


def _folders(path: Path, root: Path, split: str) -> list[str]:
    """Where the pictures of a file may lie, below the root."""
    stem = path.stem.removeprefix("instances_").removeprefix("person_keypoints_")
    below = (*_FOLDERS, stem, f"images/{stem}", split, f"images/{split}")
    beside = path.parent.relative_to(root).as_posix()
    return list(dict.fromkeys(posixpath.normpath(f"{up}/{one}") for up in (beside, ".") for one in below))


def _files(place: Path) -> list[tuple[Path, str]]:
    """The COCO files of a place, each with the split its name or folder says."""
    if place.is_file():
        return [(place, "")] if place.suffix.lower() == ".json" and _looks_like_coco(place) else []
    if not place.is_dir():
        return []
    try:
        folders = [one for one in sorted(place.iterdir()) if one.name.lower() in SPLIT_WORDS]
        found = _coco_of(place / "annotations") or _coco_of(place)
        inner = [(path, SPLIT_WORDS[one.name.lower()]) for one in folders for path in _coco_of(one)]
    except OSError:
        return []
    if not found:
        return inner
    for kind in _KINDS:
        chosen = [path for path in found if path.stem.startswith(kind)]
        if chosen:
            return [(path, _split_of(path.stem)) for path in chosen]
    chosen = [path for path in found if not path.stem.startswith(_OTHER_KINDS)]
    return [(path, _split_of(path.stem)) for path in chosen or found]


def _coco_of(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.json"))
    return [path for path in files if _looks_like_coco(path)] if len(files) <= _MOST_FILES else []


def _split_of(stem: str) -> str:
    words = "".join(c if c.isalpha() else " " for c in stem.lower()).split()
    return next((SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS), "")


def _looks_like_coco(path: Path) -> bool:
    """Whether the words of a COCO file stand in it; at most its first and last 64 KiB are read."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(2**16)
            file.seek(max(0, path.stat().st_size - 2**16))
            text = head + file.read(2**16)
    except OSError:
        return False
    return (
        text.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"
        and sum(w in text for w in (b'"images"', b'"annotations"', b'"categories"')) >= 2
    )


def _json(path: Path, where: str) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{where}: has more than {_MOST_BYTES:,} bytes, which is the limit")
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{where}: {os_reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: is no valid JSON ({one_line(error)})") from error
    if not isinstance(data, dict):
        raise DataError(f"{where}: must be an object with images, annotations and categories")
    return data


def _list(where: str, data: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found = data.get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise DataError(f"{where}: {name!r} must be a list of objects")
    return found


def _id(where: str, item: Mapping[str, Any], name: str) -> int:
    value = item.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**63:
        raise DataError(f"{where}: {name} must be a whole number, got {shown(value)}")
    return value


def _size(where: str, image: Mapping[str, Any], name: str) -> int:
    value = image.get(name, 0)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**6:
        raise DataError(
            f"{where}: the {name} of a picture must be a whole number of pixels, got {shown(value)}"
        )
    return value


def _numbers(value: Any, what: str, count: int | None = None) -> list[float]:
    usual = isinstance(value, list) and all(
        isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 1e9 and math.isfinite(n)
        for n in value
    )
    if not usual or (count is not None and len(value) != count):
        many = "" if count is None else f"{count} "
        raise DataError(f"{what} must be {many}finite numbers, got {shown(value)}")
    return [float(number) for number in value]


def _outline(given: Any, height: int, width: int) -> Outline:
    if given is None or given == []:
        return ()
    try:
        if isinstance(given, list):
            rings = [_numbers(ring, "a polygon") for ring in given]
            wrong = [ring for ring in rings if len(ring) % 2 or len(ring) < 6]
            if wrong:
                raise DataError(f"a polygon must be x and y of three corners at least, got {shown(wrong[0])}")
            return united(tuple(np.array(ring).reshape(-1, 2) for ring in rings), height, width)
        if not isinstance(given, dict):
            raise DataError(f"a segmentation must be polygons or run lengths, got {shown(given)}")
        return _run_outline(given, height, width)
    except DataError:
        raise
    except (ValueError, OverflowError) as error:
        raise DataError(one_line(error)) from error


def _run_outline(given: Mapping[str, Any], height: int, width: int) -> Outline:
    counts, size = given.get("counts"), given.get("size")
    if size is not None or not (height and width):
        if not isinstance(size, list) or len(size) != 2 or not all(type(n) is int and n > 0 for n in size):
            raise DataError(f"the size of run lengths must be height and width in pixels, got {shown(size)}")
        if (height or size[0], width or size[1]) != tuple(size):
            raise DataError(f"run lengths are for {shown(size)} pixels, their picture has {[height, width]}")
        height, width = size
    if isinstance(counts, str):
        counts = run_lengths(counts)
    elif not isinstance(counts, list) or not all(type(n) is int for n in counts):
        raise DataError(f"run lengths must be a text or a list of whole numbers, got {shown(counts)}")
    return outline_of(run_pixels(counts, height, width))
