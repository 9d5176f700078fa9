"""Source `coco`: COCO JSON with boxes, outlines and points."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from vitral.core import IGNORE, DataError
from vitral.data.objects import Outline
from vitral.data.one_line import one_line
from vitral.data.os_reason import os_reason
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import FilePixels
from vitral.data.sources.class_notes import some
from vitral.data.sources.marked import Marked, clipped
from vitral.data.sources.object_lists import shown
from vitral.data.sources.raster import ObjectMasks, outline_of, run_lengths, run_pixels
from vitral.data.sources.source import Source
from vitral.data.split import SPLIT_WORDS

_MOST_BYTES = 2**31
_MOST_PIXELS = 10**9
_FOLDERS = ("", "images", "imgs", "JPEGImages", "data")


@dataclass(frozen=True, kw_only=True)
class Coco(Source, kind="coco"):
    """COCO JSON: one file, one for each split in `annotations/`, or one in each split's folder.

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
            name=place.resolve().stem,
            keys=tuple(keys),
            source=source,
            classes=classes,
            labels=labels,
            splits=splits,
            root=root,
            origin="COCO",
            split_by=split_by,
            notes=tuple(reading.notes()),
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
    objects: list[list[_Object]] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    lost: int = 0

    def read(self, path: Path, split: str) -> None:
        """Add one file.

        Raises:
            DataError: it is damaged or contradicts itself or those before.
        """
        where = one_line(path.name)
        data = _json(path)
        names = self._categories(where, _list(where, data, "categories"))
        found: dict[int, int] = {}
        sizes: dict[int, tuple[int, int]] = {}
        for image in _list(where, data, "images"):
            number = _id(where, image, "id")
            if number in sizes:
                raise DataError(f"{where}: must give each picture an id of its own, got {number} twice")
            sizes[number] = (_size(where, image, "height"), _size(where, image, "width"))
            key = self._key(where, path, image, split)
            if key is None:
                continue
            found[number] = len(self.keys)
            self.keys.append(key)
            self.splits.append(split)
            self.objects.append([])
        for mark in _list(where, data, "annotations"):
            number, category = _id(where, mark, "image_id"), _id(where, mark, "category_id")
            if number not in sizes:
                raise DataError(f"{where}: an annotation names the picture {number}, which is not listed")
            if category not in names:
                raise DataError(f"{where}: an annotation names the category {category}, which is not listed")
            if number in found:
                self._add(where, mark, found[number], names[category], sizes[number])

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

    def _key(self, where: str, path: Path, image: Mapping[str, Any], split: str) -> str | None:
        """The picture's path below the root, wherever it usually lies; None when it is nowhere."""
        name = image.get("file_name")
        if not isinstance(name, str) or not name:
            raise DataError(f"{where}: a picture must have a file_name, got {shown(name)}")
        parts = Path(name.replace("\\", "/")).parts
        if Path(name).is_absolute() or ".." in parts or "\0" in name:
            raise DataError(f"{where}: a file_name must stay in the folder, got '{one_line(name)}'")
        stem = path.stem.removeprefix("instances_").removeprefix("person_keypoints_")
        for folder in dict.fromkeys((path.parent, self.root)):
            for below in (*_FOLDERS, stem, f"images/{stem}", split, f"images/{split}"):
                file = folder / below / name
                if file.is_file():
                    return file.relative_to(self.root).as_posix()
        self.missing.append(name)
        return None

    def _add(
        self, where: str, mark: Mapping[str, Any], number: int, name: str, size: tuple[int, int]
    ) -> None:
        height, width = size
        outline = _outline(where, mark.get("segmentation"), height, width)
        box = mark.get("bbox")
        if box is None and outline:
            corners = np.concatenate(outline)
            x0, y0, x1, y1 = (*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())
        else:
            x0, y0, w, h = _numbers(where, box, "bbox", 4)
            x1, y1 = x0 + w, y0 + h
            if w < 0 or h < 0:
                raise DataError(f"{where}: a bbox must be x, y, width, height, got {shown(box)}")
        inside = clipped((x0, y0, x1, y1), width, height)
        if inside is None:
            self.lost += 1
            return
        points = mark.get("keypoints")
        cloud = [] if points is None else _numbers(where, points, "keypoints", None)
        if len(cloud) % 3:
            raise DataError(f"{where}: keypoints must be x, y, visibility of each, got {len(cloud)} numbers")
        crowd = mark.get("iscrowd", 0) in (1, True)
        self.objects[number].append((inside, name, crowd, cloud, outline))


def _files(place: Path) -> list[tuple[Path, str]]:
    """The COCO files of a place, each with the split its name or folder says."""
    if place.is_file():
        return [(place, "")] if place.suffix.lower() == ".json" and _looks_like_coco(place) else []
    if not place.is_dir():
        return []
    try:
        folders = [one for one in sorted(place.iterdir()) if one.is_dir()]
        own = sorted(place.glob("*.json"))
        annotations = sorted((place / "annotations").glob("*.json"))
    except OSError:
        return []
    found = [(path, _split_of(path.stem)) for path in (annotations or own) if _looks_like_coco(path)]
    instances = [one for one in found if one[0].stem.startswith("instances")]
    inner = [
        (path, SPLIT_WORDS[folder.name.lower()])
        for folder in folders
        if folder.name.lower() in SPLIT_WORDS
        for path in sorted(folder.glob("*coco*.json"))
    ]
    return instances or found or inner


def _split_of(stem: str) -> str:
    words = "".join(c if c.isalpha() else " " for c in stem.lower()).split()
    return next((SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS), "")


def _looks_like_coco(path: Path) -> bool:
    """Whether the words of a COCO file stand in it; at most its first and last 64 KiB are read."""
    try:
        with path.open("rb") as file:
            head = file.read(2**16)
            file.seek(max(0, path.stat().st_size - 2**16))
            text = head + file.read(2**16)
    except OSError:
        return False
    return (
        text.lstrip()[:1] == b"{"
        and sum(w in text for w in (b'"images"', b'"annotations"', b'"categories"')) >= 2
    )


def _json(path: Path) -> Mapping[str, Any]:
    where = one_line(path.name)
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


def _numbers(where: str, value: Any, what: str, count: int | None) -> list[float]:
    usual = isinstance(value, list) and all(
        isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 1e9 and math.isfinite(n)
        for n in value
    )
    if not usual or (count is not None and len(value) != count):
        raise DataError(f"{where}: {what} must be {count or 'finite'} numbers, got {shown(value)}")
    return [float(number) for number in value]


def _outline(where: str, given: Any, height: int, width: int) -> Outline:
    if given is None or given == []:
        return ()
    if isinstance(given, list):
        rings = [_numbers(where, ring, "a polygon", None) for ring in given]
        if any(len(ring) % 2 or len(ring) < 6 for ring in rings):
            raise DataError(f"{where}: a polygon must be x and y of three corners at least")
        return tuple(np.array(ring).reshape(-1, 2) for ring in rings)
    if not isinstance(given, dict):
        raise DataError(f"{where}: a segmentation must be polygons or run lengths, got {shown(given)}")
    counts, size = given.get("counts"), given.get("size")
    if size is not None and list(size) != [height, width]:
        raise DataError(
            f"{where}: run lengths are for {shown(size)} pixels, their picture has {[height, width]}"
        )
    if height * width > _MOST_PIXELS:
        raise DataError(f"{where}: run lengths of {width} x {height} pixels are too large")
    try:
        if isinstance(counts, str):
            counts = run_lengths(counts)
        elif not isinstance(counts, list) or not all(type(n) is int for n in counts):
            raise ValueError(f"run lengths must be a text or a list of whole numbers, got {shown(counts)}")
        return outline_of(run_pixels(counts, height, width))
    except (ValueError, OverflowError) as error:
        raise DataError(f"{where}: {one_line(error)}") from error
