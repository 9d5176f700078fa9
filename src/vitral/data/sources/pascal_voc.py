"""Source `voc`: Pascal VOC: one XML file for each picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree

import numpy as np

from vitral.core import IGNORE, DataError, VitralError
from vitral.data.decode import read_file
from vitral.data.one_line import one_line
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import FilePixels
from vitral.data.sources.class_notes import some
from vitral.data.sources.file_masks import FileMasks
from vitral.data.sources.listing import list_pictures
from vitral.data.sources.marked import Marked, clipped
from vitral.data.sources.source import Source

_MOST_XML_BYTES = 2**24
_SPLITS = {"train": "train", "val": "val", "test": "test"}


@dataclass(frozen=True, kw_only=True)
class PascalVoc(Source, kind="voc"):
    """Pascal VOC: `JPEGImages` and `Annotations`, or XML files beside the pictures.

    The second is how LabelImg writes them.

    Boxes count pixels from 1 and hold the last one: (xmin - 1, ymin - 1, xmax, ymax) in our frame.
    `difficult` objects are neither to be found nor counted as mistakes. `ImageSets/Main` splits;
    with `SegmentationClass`, the pictures that have a mask there bring it along.
    """

    precedence: ClassVar[int] = 42

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        """A folder with `Annotations/*.xml`, or with XML files beside pictures."""
        if not isinstance(place, Path) or not place.is_dir():
            return False
        try:
            if any(one.suffix.lower() == ".xml" for one in (place / "Annotations").iterdir()):
                return True
        except OSError:  # There is no such folder.
            pass
        try:
            files = [one for one in place.iterdir() if one.is_file()]
        except OSError:
            return False
        marked = {one.stem for one in files if one.suffix.lower() == ".xml"}
        return any(
            one.stem in marked for one in files if one.suffix.lower() in (".jpg", ".jpeg", ".png", ".bmp")
        )

    def open(self, place: Path) -> PictureSet:
        """Read all XML files; pictures without one are left out and named.

        Raises:
            DataError: an annotation is damaged, or none belongs to a picture.
        """
        listing = list_pictures(place)
        folder = place / "Annotations" if (place / "Annotations").is_dir() else place
        pictures = {
            key for key in listing.keys if not key.startswith(("SegmentationClass/", "SegmentationObject/"))
        }
        files = {path.stem: path for path in sorted(folder.glob("*.xml"))}
        keys = sorted(key for key in pictures if Path(key).stem in files)
        if not keys:
            raise DataError(
                f"{one_line(place)}: must hold pictures with the names of its annotations, found none"
            )
        marked, lost = Marked(), []
        for key in keys:
            marked.next_picture()
            lost += _read(files[Path(key).stem], marked)
        classes = tuple(sorted(set(marked.labels)))
        number = {name: k for k, name in enumerate(classes)}
        source, labels = FilePixels(place, keys), np.full(len(keys), IGNORE, dtype=np.int64)
        splits, split_by = self.splits(keys, labels, _image_sets(place, keys))
        masks = _mask_names(place, keys)
        names = [masks.get(key, "") for key in keys]
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
            notes=(*listing.notes, *_notes(pictures, keys, files, lost)),
            masks=FileMasks(place, names, source, np.arange(256, dtype=np.uint8)) if all(names) else None,
            mask_classes=("background", *classes) if all(names) else (),
            objects=marked.objects(one_line(place), number),
        )


def _read(path: Path, marked: Marked) -> list[str]:
    """Add the objects of one file; returns those that were left out or cut, as words."""
    where, lost = one_line(path.name), []
    root = _tree(path)
    size = root.find("size")
    width, height = (
        (0.0, 0.0) if size is None else (_number(size, name, where, 0.0) for name in ("width", "height"))
    )
    for item in root.iter("object"):
        name = (item.findtext("name") or "").strip()
        box = item.find("bndbox")
        if not name or box is None:
            raise DataError(f"{where}: an object must have a name and a bndbox")
        x0, y0, x1, y1 = (_number(box, part, where) for part in ("xmin", "ymin", "xmax", "ymax"))
        # Counted from 1, the last pixel included.
        corners = (min(x0, x1) - 1, min(y0, y1) - 1, max(x0, x1), max(y0, y1))
        found = clipped(corners, width, height)
        if found is None:
            lost.append(f"'{one_line(name)}' in {where}")
            continue
        marked.add(found, name, crowd=(item.findtext("difficult") or "0").strip() == "1")
    return lost


def _tree(path: Path) -> ElementTree.Element:
    where = one_line(path.name)
    try:
        data = read_file(path, name=where, max_bytes=_MOST_XML_BYTES)
    except VitralError as error:
        raise DataError(str(error)) from error
    # Entities can grow without bound, and no annotation needs them.
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\0" in data:
        raise DataError(f"{where}: must be plain XML without a document type")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError) as error:
        raise DataError(f"{where}: is no valid XML ({one_line(error)})") from error
    if root.tag != "annotation":
        raise DataError(f"{where}: must be a Pascal VOC annotation, got <{one_line(root.tag)}>")
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


def _image_sets(place: Path, keys: list[str]) -> list[str] | None:
    """Splits as `ImageSets/Main` lists them; a picture in none has none."""
    for kind in ("Main", "Segmentation", ""):
        split_of: dict[str, str] = {}
        for name, split in _SPLITS.items():
            try:
                text = (place / "ImageSets" / kind / f"{name}.txt").read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):  # Not every set has every list.
                continue
            split_of |= {line.split()[0]: split for line in text.splitlines() if line.split()}
        if split_of:
            return [split_of.get(Path(key).stem, "") for key in keys]
    return None


def _mask_names(place: Path, keys: list[str]) -> Mapping[str, str]:
    folder = place / "SegmentationClass"
    return {
        key: f"SegmentationClass/{Path(key).stem}.png"
        for key in keys
        if (folder / f"{Path(key).stem}.png").is_file()
    }


def _notes(pictures: set[str], keys: list[str], files: Mapping[str, Path], lost: list[str]) -> list[str]:
    notes = []
    without = sorted(pictures - set(keys))
    if without:
        notes.append(f"{len(without):,} pictures left out for lack of an annotation: {some(without)}")
    orphans = sorted(files.keys() - {Path(key).stem for key in keys})
    if orphans:
        notes.append(
            f"{len(orphans):,} annotations without a picture: {some([one_line(n) for n in orphans])}"
        )
    if lost:
        notes.append(f"{len(lost):,} boxes without any area inside their picture left out: {some(lost)}")
    return notes
