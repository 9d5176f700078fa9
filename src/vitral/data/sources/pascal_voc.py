"""Source `voc`: Pascal VOC: one XML file for each picture."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree

import numpy as np

from vitral.core import IGNORE, DataError, ImageError, VitralError
from vitral.data.decode import read_file
from vitral.data.one_line import one_line
from vitral.data.os_reason import os_reason
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import FilePixels
from vitral.data.sources.class_notes import some
from vitral.data.sources.file_masks import FileMasks
from vitral.data.sources.listing import is_folder, is_junk, is_picture, list_pictures
from vitral.data.sources.marked import Marked, clipped
from vitral.data.sources.masked_folder import PICTURE_FOLDERS
from vitral.data.sources.source import Source, splits_of_folders
from vitral.data.split import SPLIT_WORDS

_MOST_XML_BYTES = 2**22
_FOLDERS = frozenset(("annotations", "annotation", "labels", "xml", "xmls"))
# Later lists overrule earlier ones; most sets have `trainval` beside its two parts.
_SPLITS = {"trainval": "train", "train": "train", "val": "val", "test": "test"}
# The numbers in the masks of VOC are those of its classes, whichever of them are marked by boxes.
_OF_VOC = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa"),
    *("train", "tvmonitor"),
)


@dataclass(frozen=True, kw_only=True)
class PascalVoc(Source, kind="voc"):
    """Pascal VOC: `JPEGImages` and `Annotations`, or XML files beside the pictures.

    The second is how LabelImg writes them. Either may lie in folders called after splits, and
    folders may be called `images` and `labels` and the like. A picture and its XML file have one name.

    Boxes count pixels from 1 and hold the last one: (xmin - 1, ymin - 1, xmax, ymax) in our frame,
    cut at the edge of the picture. `difficult` objects are neither to be found nor counted as
    mistakes. `ImageSets/Main` splits, or else folders do. When each picture has a mask in
    `SegmentationClass`, they come along: 0 is background, and the classes follow by their names.
    """

    precedence: ClassVar[int] = 42

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        """A folder with `Annotations/*.xml`, or with XML files beside pictures."""
        if not isinstance(place, Path) or not place.is_dir():
            return False
        files = _xml_files(place)
        if any(part.lower() in _FOLDERS for name in files for part in name.split("/")[:-1]):
            return True
        bare = {_bare(name) for name in files}
        folders = {name.rpartition("/")[0] for name in files}
        return any(_bare(name) in bare for folder in folders for name in _pictures_in(place, folder))

    def open(self, place: Path) -> PictureSet:
        """Read all XML files, and the sizes of their pictures; pictures without one are left out and named.

        Raises:
            DataError: an annotation or a list of a split is damaged, two pictures have one annotation,
                or no annotation belongs to a picture.
        """
        listing = list_pictures(place)
        pictures, files = _pictures(listing.keys), _xml_files(place)
        file_of = _paired(place, pictures, files)
        keys = sorted(file_of)
        source, labels = FilePixels(place, keys), np.full(len(keys), IGNORE, dtype=np.int64)
        reading = _Reading(place=place, source=source)
        for row, key in enumerate(keys):
            reading.read(file_of[key], row, key)
        classes = tuple(sorted(set(reading.marked.labels)))
        splits, split_by = self.splits(keys, labels, _image_sets(place, keys) or splits_of_folders(keys))
        masks = _mask_names(place, keys)
        mask_classes = ("background", *(_OF_VOC if set(classes) <= set(_OF_VOC) else classes))
        whole, same = len(masks) == len(keys), np.arange(256, dtype=np.uint8)
        notes = _notes(pictures, file_of, files, reading)
        if masks and not whole:
            notes.append(
                f"{len(masks):,} of the pictures have a mask; kind=masks opens those, with their masks"
            )
        return PictureSet(
            name=place.resolve().name,
            keys=tuple(keys),
            source=source,
            classes=classes,
            labels=labels,
            splits=splits,
            root=place,
            origin="Pascal VOC",
            split_by=split_by,
            notes=(*listing.notes, *notes),
            masks=FileMasks(place, masks, source, meaning=same, classes=len(mask_classes)) if whole else None,
            mask_classes=mask_classes if whole else (),
            objects=reading.marked.objects(one_line(place), {name: k for k, name in enumerate(classes)}),
        )


def _xml_files(place: Path) -> list[str]:
    """XML files in a folder, and in those below it that are called after annotations or splits."""
    found, waiting = [], [""]
    while waiting:
        prefix = waiting.pop()
        try:
            with os.scandir(f"{place}{os.sep}{prefix}") as entries:
                for entry in entries:
                    word = entry.name.lower()
                    if is_junk(entry.name):
                        continue
                    if word.endswith(".xml"):
                        found.append(prefix + entry.name)
                    elif (
                        prefix.count("/") < 2
                        and (word in _FOLDERS or word in SPLIT_WORDS)
                        and is_folder(entry)
                    ):
                        waiting.append(f"{prefix}{entry.name}/")
        except OSError:  # Whoever lists it will say why.
            continue
    return sorted(found)


def _pictures_in(place: Path, folder: str) -> list[str]:
    try:
        return [name for name in os.listdir(place / folder) if is_picture(name)]
    except OSError:
        return []


def _bare(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _identity(path: str) -> str:
    """What the path of a picture and that of its annotation have in common."""
    folders = [part for part in path.split("/")[:-1] if part.lower() not in _FOLDERS | PICTURE_FOLDERS]
    return "/".join((*folders, _bare(path)))


def _pictures(keys: Sequence[str]) -> list[str]:
    """Those that are no masks: what lies in `JPEGImages`, where there is one."""
    usual = [key for key in keys if "jpegimages" in key.lower().split("/")[:-1]]
    return usual or [key for key in keys if not key.lower().startswith("segmentation")]


def _paired(place: Path, pictures: Sequence[str], files: Sequence[str]) -> dict[str, str]:
    """The annotation of each picture that has one: of its path, or else of its name alone."""
    by_path = {_identity(name): name for name in files}
    found = {key: by_path[_identity(key)] for key in pictures if _identity(key) in by_path}
    left = set(files) - set(found.values())
    count = Counter(_bare(name) for name in left)
    by_name = {_bare(name): name for name in left if count[_bare(name)] == 1}
    found |= {key: by_name[_bare(key)] for key in pictures if key not in found and _bare(key) in by_name}
    owner: dict[str, str] = {}
    for key, name in sorted(found.items()):
        if name in owner:
            both = f"'{one_line(owner[name])}' and '{one_line(key)}'"
            raise DataError(f"{one_line(name)}: must belong to one picture, got {both}")
        owner[name] = key
    if not found:
        raise DataError(
            f"{one_line(place)}: must hold pictures with the names of its annotations, found none"
        )
    return found


@dataclass(kw_only=True)
class _Reading:
    """What the annotations said so far."""

    place: Path
    source: FilePixels
    marked: Marked = field(default_factory=Marked)
    lost: list[str] = field(default_factory=list)
    other_size: list[str] = field(default_factory=list)

    def read(self, name: str, row: int, key: str) -> None:
        """Add the objects of one picture.

        Raises:
            DataError: the annotation is damaged.
        """
        where = one_line(name)
        root = _tree(self.place / name, where)
        height, width = self._size(root, where, row, key)
        self.marked.next_picture()
        for item in root.iter("object"):
            label = (item.findtext("name") or "").strip()
            box = item.find("bndbox")
            if not label or box is None:
                raise DataError(f"{where}: an object must have a name and a bndbox")
            x0, y0, x1, y1 = (_number(box, part, where) for part in ("xmin", "ymin", "xmax", "ymax"))
            # Counted from 1, the last pixel included.
            found = clipped((min(x0, x1) - 1, min(y0, y1) - 1, max(x0, x1), max(y0, y1)), width, height)
            if found is None:
                self.lost.append(f"{one_line(label[:40])} in {where}")
                continue
            self.marked.add(found, label, crowd=(item.findtext("difficult") or "0").strip() == "1")

    def _size(self, root: ElementTree.Element, where: str, row: int, key: str) -> tuple[float, float]:
        """Height and width of the picture itself; as the annotation says where it is broken."""
        size = root.find("size")
        said = [0.0 if size is None else _number(size, side, where, 0.0) for side in ("height", "width")]
        if min(said) < 0:
            raise DataError(f"{where}: a size must not be negative, got {said[1]:g} x {said[0]:g}")
        try:
            height, width = self.source.size(row)
        except ImageError:  # Whoever reads the picture is told.
            return said[0], said[1]
        if all(said) and said != [height, width]:
            self.other_size.append(f"{one_line(key)} is {width} x {height}, not {said[1]:g} x {said[0]:g}")
        return height, width


def _tree(path: Path, where: str) -> ElementTree.Element:
    try:
        data = read_file(path, name=where, max_bytes=_MOST_XML_BYTES)
    except VitralError as error:
        raise DataError(str(error)) from error
    # Entities can grow without bound, and no annotation needs them.
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise DataError(f"{where}: must be plain XML without a document type")
    if b"\0" in data:
        raise DataError(f"{where}: must be UTF-8 text, got bytes of 0 as UTF-16 has them")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError) as error:
        raise DataError(f"{where}: is no valid XML ({one_line(error)})") from error
    if root.tag != "annotation":
        raise DataError(f"{where}: must be a Pascal VOC annotation, got <{one_line(root.tag[:40])}>")
    return root


def _number(parent: ElementTree.Element, name: str, where: str, missing: float | None = None) -> float:
    text = (parent.findtext(name) or "").strip()
    if not text and missing is not None:
        return missing
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e9:
        raise DataError(f"{where}: {name} must be a number, got '{one_line(text[:40])}'")
    return value


def _image_sets(place: Path, keys: Sequence[str]) -> list[str] | None:
    """Splits as `ImageSets/Main` lists them; a picture in none has none."""
    names = {_bare(key) for key in keys}
    for kind in ("Main", "Segmentation", ""):
        split_of: dict[str, str] = {}
        for name, split in _SPLITS.items():
            path = place / "ImageSets" / kind / f"{name}.txt"
            if path.is_file():  # Not every set has every list.
                split_of |= {_listed(line, names): split for line in _lines(path)}
        if split_of:
            return [split_of.get(_bare(key), "") for key in keys]
    return None


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{one_line(path)}: {os_reason(error)}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{one_line(path)}: must be UTF-8 text, but byte {error.start} is not") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _listed(line: str, names: set[str]) -> str:
    """The name in a line of a list: all of it, without its ending, or its first word."""
    name = line.rpartition("/")[2]
    usual = (name, _bare(name) if is_picture(name) else name, name.split()[0])
    return next((one for one in usual if one in names), name)


def _mask_names(place: Path, keys: Sequence[str]) -> list[str]:
    """The masks of the pictures that have one."""
    names = [f"SegmentationClass/{_bare(key)}.png" for key in keys]
    return [name for name in names if (place / name).is_file()]


def _notes(
    pictures: Sequence[str], file_of: Mapping[str, str], files: Sequence[str], reading: _Reading
) -> list[str]:
    without = [one_line(key) for key in sorted(set(pictures) - file_of.keys())]
    orphans = [one_line(name) for name in sorted(set(files) - set(file_of.values()))]
    return [
        f"{len(names):,} {what}: {some(names)}"
        for names, what in (
            (without, "left out for lack of an annotation"),
            (orphans, "left out for lack of a picture"),
            (reading.other_size, "have another size than their annotation says, and boxes may not fit"),
            (reading.lost, "boxes without any area inside their picture left out"),
        )
        if names
    ]
