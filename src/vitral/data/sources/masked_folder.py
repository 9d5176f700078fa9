"""Source `masks`: pictures in one folder, their masks in another."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vitral.core import IGNORE, DataError, ImageError, option
from vitral.data.decode import read_file, told
from vitral.data.one_line import one_line
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import FilePixels
from vitral.data.sources.class_notes import some
from vitral.data.sources.file_masks import IGNORED, FileMasks
from vitral.data.sources.label_words import listed_classes
from vitral.data.sources.listing import is_folder, list_pictures
from vitral.data.sources.mask_numbers import mask_numbers
from vitral.data.sources.source import Source, splits_of_folders
from vitral.data.split import SPLIT_WORDS, unit_hash

PICTURE_FOLDERS = frozenset(("images", "image", "imgs", "img", "jpegimages", "photos", "pictures"))
MASK_FOLDERS = frozenset(
    ("masks", "mask", "labels", "annotations", "segmentationclass", "gt", "ground_truth", "groundtruth")
)
_SUFFIXES = ("_mask", "_masks", "_labelids", "_label", "_gt", "_l")
_VOID = frozenset(("unlabelled", "unlabeled", "void", "ignore", "ignored", "unknown"))
_LOOKED_AT = 32
_MOST_ENTRIES = 64  # A folder that holds folders of pictures and of masks holds little else.
_MASK_ENDINGS = (".png", ".bmp", ".tif", ".tiff", ".gif")
_JPEG_ENDINGS = (".jpg", ".jpeg")


@dataclass(frozen=True, kw_only=True)
class MaskedFolder(Source, kind="masks"):
    """Pictures and masks of the same names, in folders such as `images` and `masks`.

    The number of a pixel is its class, 255 is not counted. A set whose masks hold 0 and 255 only is
    of two classes, and 255 is the second one; that is told from at most 32 masks, chosen by a hash.
    Classes are named by `classes.txt` or `labels.txt`; names such as `unlabelled` or `void` there,
    and numbers beyond the last name, are not counted. A single name is that of the second class, and
    the first is the background. Without names the same masks tell how many classes there are.

    Masks may lie in other folders than their pictures (`annotations/trimaps`), and be named like
    them with `_mask` at the end. They lie as the pictures do once those are turned upright by EXIF.
    """

    precedence: ClassVar[int] = 40

    binary: str = option(
        "auto", "whether 255 is the second class and not what is left out", choices=("auto", "yes", "no")
    )

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        """A folder that holds, or whose folders hold, pictures beside masks that are pictures too."""
        if not isinstance(place, Path) or not place.is_dir():
            return False
        folders = _folders(place)
        return _is_pair(folders) or any(_is_pair(_folders(one, _MOST_ENTRIES)) for one in folders)

    def open(self, place: Path) -> PictureSet:
        """Pair pictures and masks; a few masks are looked at.

        Raises:
            DataError: no picture has a mask, two masks fit one picture, or the names of the classes
                cannot be read.
            ImageError: none of the masks looked at is one.
        """
        listing = list_pictures(place)
        pairs, notes = _paired(listing.keys, place)
        keys = [key for key, _ in pairs]
        names = [name for _, name in pairs]
        source = FilePixels(place, keys)
        values = _values(place, names)
        named = listed_classes(place)
        classes, meaning, more = self._classes(named, values)
        way_out = "" if named else "; name all classes in a classes.txt, one a line"
        labels = np.full(len(keys), IGNORE, dtype=np.int64)
        splits, split_by = self.splits(keys, labels, _splits(keys))
        return PictureSet(
            name=place.resolve().name,
            keys=tuple(keys),
            source=source,
            splits=splits,
            root=place,
            origin="pictures with masks",
            split_by=split_by,
            notes=(*listing.notes, *notes, *more),
            masks=FileMasks(place, names, source, meaning=meaning, classes=len(classes), way_out=way_out),
            mask_classes=classes,
        )

    def _classes(
        self, named: Sequence[str], values: set[int]
    ) -> tuple[tuple[str, ...], NDArray[np.uint8], list[str]]:
        """Names of the classes, the class of each number in a mask, and notes about both."""
        meaning = np.arange(256, dtype=np.uint8)
        void = [k for k, name in enumerate(named) if name.lower() in _VOID]
        if len(named) == 1 and not void:
            named = ("background", *named)
        binary = self.binary == "yes" or (
            self.binary == "auto"
            and values <= {0, 255}
            and 255 in values
            and len(named) in (0, 2)
            and not void
        )
        if binary:
            meaning[255] = 1
            note = "the masks hold 0 and 255 only: 255 is taken as the second class (binary=no changes that)"
            return tuple(named) or ("background", "object"), meaning, [note] if self.binary == "auto" else []
        if not named:
            count = max(values - {255}, default=0) + 1
            note = f"classes are counted to {count - 1}, the largest number in the masks looked at"
            note += "; a classes.txt would name them"
            return tuple(str(k) for k in range(count)), meaning, [note]
        counted = len(named)
        while counted and named[counted - 1].lower() in _VOID:
            counted -= 1
        meaning[[*void, *range(counted, 256)]] = IGNORED
        beyond = sorted(value for value in values if value >= counted and value != 255 and value not in void)
        notes = [f"masks hold the number {beyond[0]}, which has no name and is not counted"] if beyond else []
        return tuple(named[:counted]), meaning, notes


def _folders(place: str | os.PathLike[str], most: int | None = None) -> list[os.DirEntry[str]]:
    """The folders among the first entries of a folder, or among all."""
    try:
        with os.scandir(place) as entries:
            return [one for one in islice(entries, most) if one.name[0] != "." and is_folder(one)]
    except OSError:  # Whoever lists it will say why.
        return []


def _is_pair(folders: Sequence[os.DirEntry[str]]) -> bool:
    """Whether one of these folders holds pictures and another holds what may be masks."""
    if not any(one.name.lower() in PICTURE_FOLDERS for one in folders):
        return False
    return any(_holds_masks(one) for one in folders if one.name.lower() in MASK_FOLDERS)


def _holds_masks(folder: os.DirEntry[str]) -> bool:
    """Whether pictures that may be masks lie in a folder or one level below it."""
    # JPEG is what annotations are drawn over as often as what they are.
    endings = (*_MASK_ENDINGS, *(_JPEG_ENDINGS if "mask" in folder.name.lower() else ()))
    for one in (folder, *_folders(folder, _MOST_ENTRIES)):
        try:
            if any(name.lower().endswith(endings) for name in os.listdir(one)):
                return True
        except OSError:  # Whoever lists it will say why.
            continue
    return False


def _paired(keys: Sequence[str], place: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """Each picture with its mask, by everything in the path but the name of the folder."""
    masks: dict[str, str] = {}
    pictures: dict[str, str] = {}
    neither = []
    for key in keys:
        kind, identity = _identity(key)
        if kind == "":
            neither.append(key)
            continue
        known = masks if kind == "mask" else pictures
        if identity in known:
            raise _two(place, known[identity], key)
        known[identity] = key
    pairs = _matched(pictures, masks, place) or _by_name_alone(pictures, masks, place)
    if not pairs:
        raise DataError(f"{one_line(place)}: must hold masks with the names of its pictures, found none")
    without = sorted(set(pictures.values()) - pairs.keys())
    unused = sorted(set(masks.values()) - set(pairs.values()))
    notes = [
        f"{len(names):,} left out for {why}: {some([one_line(name) for name in names])}"
        for names, why in (
            (without, "lack of a mask"),
            (unused, "lack of a picture"),
            (neither, "lying in a folder neither of pictures nor of masks"),
        )
        if names
    ]
    return sorted(pairs.items()), notes


def _matched(pictures: Mapping[str, str], masks: Mapping[str, str], place: Path) -> dict[str, str]:
    """The mask of each picture: that of its very name, or that of its name and a suffix."""
    pairs: dict[str, str] = {}
    for identity, mask in masks.items():
        ending = next((suffix for suffix in _SUFFIXES if identity.lower().endswith(suffix)), "")
        if identity not in pictures:
            identity = identity[: len(identity) - len(ending)]
        if identity not in pictures:
            continue
        if pictures[identity] in pairs:
            raise _two(place, pairs[pictures[identity]], mask)
        pairs[pictures[identity]] = mask
    return pairs


def _by_name_alone(pictures: Mapping[str, str], masks: Mapping[str, str], place: Path) -> dict[str, str]:
    """The mask of each picture whatever folders both lie in, as long as that is clear."""
    bare: list[dict[str, str]] = []
    for known in (pictures, masks):
        named: dict[str, str] = {}
        for identity, key in known.items():
            name = identity.rpartition("/")[2]
            if name in named:
                return {}
            named[name] = key
        bare.append(named)
    return _matched(bare[0], bare[1], place)


def _two(place: Path, first: str, second: str) -> DataError:
    both = f"'{one_line(first)}' and '{one_line(second)}'"
    return DataError(f"{one_line(place)}: must have one file for each name, got {both}")


def _identity(key: str) -> tuple[str, str]:
    """Whether a path is that of a picture or a mask, and what both have in common."""
    folders, _, name = key.rpartition("/")
    parts, kind = folders.split("/"), ""
    # The last such folder says it: in `photos/masks` lie no photos.
    for number in reversed(range(len(parts))):
        word = parts[number].lower()
        if word in MASK_FOLDERS or word in PICTURE_FOLDERS:
            kind = "mask" if word in MASK_FOLDERS else "picture"
            del parts[number]
            break
    return kind, "/".join((*[part for part in parts if part], name.rpartition(".")[0]))


def _splits(keys: Sequence[str]) -> list[str] | None:
    """By the top folder, or by the one below `images`."""
    by_top = splits_of_folders(keys)
    if by_top is not None:
        return by_top
    inner = [key.split("/")[1].lower() if key.count("/") >= 2 else "" for key in keys]
    words = {word for word in inner if word in SPLIT_WORDS}
    return [SPLIT_WORDS.get(word, "") for word in inner] if "train" in words else None


def _values(place: Path, names: Sequence[str]) -> set[int]:
    """Numbers in some of the masks, always the same ones.

    A broken mask is told when its picture is read.

    Raises:
        ImageError: all of them are broken; it tells of the first.
    """
    found: set[int] = set()
    first: ImageError | None = None
    for name in sorted(names, key=unit_hash)[:_LOOKED_AT]:
        try:
            numbers = told(name, lambda name=name: mask_numbers(read_file(place / name, name=name)))
        except ImageError as error:
            first = first or error
            continue
        found |= set(np.unique(numbers).tolist())
    if first is not None and not found:
        raise first
    return found
