"""Source `masks`: pictures in one folder, their masks in another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vitral.core import IGNORE, DataError, option
from vitral.data.decode import read_file, told
from vitral.data.one_line import one_line
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import FilePixels
from vitral.data.sources.class_notes import some
from vitral.data.sources.file_masks import IGNORED, FileMasks
from vitral.data.sources.listing import list_pictures
from vitral.data.sources.mask_numbers import mask_numbers
from vitral.data.sources.source import Source, splits_of_folders
from vitral.data.split import SPLIT_WORDS, unit_hash

PICTURE_FOLDERS = frozenset(("images", "image", "imgs", "img", "jpegimages", "photos", "pictures"))
MASK_FOLDERS = frozenset(
    ("masks", "mask", "labels", "annotations", "segmentationclass", "gt", "ground_truth", "groundtruth")
)
_SUFFIXES = ("_mask", "_masks", "_labelids", "_label", "_gt", "_l")
_CLASS_FILES = ("classes.txt", "labels.txt", "class_names.txt")
_VOID = frozenset(("unlabelled", "unlabeled", "void", "ignore", "ignored", "unknown"))
_LOOKED_AT = 32


@dataclass(frozen=True, kw_only=True)
class MaskedFolder(Source, kind="masks"):
    """Pictures and masks of the same names, in folders such as `images` and `masks`.

    The number of a pixel is its class, 255 is not counted. A set whose masks hold 0 and 255 only is
    of two classes, and 255 is the second one; that is told from at most 32 masks, chosen by a hash.
    Classes are named by `classes.txt` or `labels.txt`; names such as `unlabelled` or `void` there,
    and numbers beyond the last name, are not counted.
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
        return any(_is_pair(folder) for folder in (place, *_folders(place)))

    def open(self, place: Path) -> PictureSet:
        """Pair pictures and masks; a few masks are looked at.

        Raises:
            DataError: no picture has a mask, two masks fit one picture, or a mask is none.
        """
        listing = list_pictures(place)
        pairs, notes = _paired(listing.keys, place)
        keys = [key for key, _ in pairs]
        names = [name for _, name in pairs]
        source = FilePixels(place, keys)
        values = _values(place, names)
        classes, meaning, more = self._classes(place, values)
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
            masks=FileMasks(place, names, source, meaning),
            mask_classes=classes,
        )

    def _classes(self, place: Path, values: set[int]) -> tuple[tuple[str, ...], NDArray[np.uint8], list[str]]:
        meaning = np.arange(256, dtype=np.uint8)
        named = _class_names(place)
        binary = self.binary == "yes" or (
            self.binary == "auto" and values <= {0, 255} and 255 in values and len(named) in (0, 2)
        )
        if binary:
            meaning[255] = 1
            note = "the masks hold 0 and 255 only: 255 is taken as the second class (binary=no changes that)"
            return tuple(named) or ("background", "object"), meaning, [note] if self.binary == "auto" else []
        if not named:
            return tuple(str(k) for k in range(max(values - {255}, default=0) + 1)), meaning, []
        void = [k for k, name in enumerate(named) if name.lower() in _VOID]
        while named and named[-1].lower() in _VOID:
            named.pop()
        meaning[[*void, *range(len(named), 256)]] = IGNORED
        beyond = sorted(
            value for value in values if value >= len(named) and value != 255 and value not in void
        )
        notes = [f"masks hold the number {beyond[0]}, which has no name and is not counted"] if beyond else []
        return tuple(named), meaning, notes


def _folders(place: Path) -> Iterable[Path]:
    try:
        return [entry for entry in place.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    except OSError:
        return []


def _is_pair(folder: Path) -> bool:
    names = {entry.name.lower(): entry for entry in _folders(folder)}
    pictures = [names[name] for name in names.keys() & PICTURE_FOLDERS]
    masks = [names[name] for name in names.keys() & MASK_FOLDERS]
    return any(_holds_png(one) for one in masks) and bool(pictures)


def _holds_png(folder: Path) -> bool:
    """Whether pictures that may be masks lie in a folder or one level below it."""
    endings = (".png", ".bmp", ".tif", ".tiff", ".gif")
    for one in (folder, *_folders(folder)):
        try:
            if any(entry.suffix.lower() in endings for entry in one.iterdir()):
                return True
        except OSError:  # Whoever lists it will say why.
            continue
    return False


def _paired(keys: Sequence[str], place: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """Each picture with its mask, by everything in the path but the name of the folder."""
    masks: dict[str, str] = {}
    pictures: dict[str, str] = {}
    for key in keys:
        kind, identity = _identity(key)
        if kind == "":
            continue
        known = masks if kind == "mask" else pictures
        if identity in known:
            raise DataError(
                f"{one_line(place)}: must have one file for each name, got "
                f"'{one_line(known[identity])}' and '{one_line(key)}'"
            )
        known[identity] = key
    pairs = [(pictures[identity], masks[identity]) for identity in sorted(pictures.keys() & masks.keys())]
    if not pairs:
        raise DataError(f"{one_line(place)}: must hold masks with the names of its pictures, found none")
    notes = []
    for alone, what in (
        (pictures.keys() - masks.keys(), "mask"),
        (masks.keys() - pictures.keys(), "picture"),
    ):
        known = pictures if what == "mask" else masks
        names = [f"'{one_line(known[identity])}'" for identity in sorted(alone)]
        if names:
            notes.append(f"{len(names):,} left out for lack of a {what}: {some(names)}")
    return sorted(pairs), notes


def _identity(key: str) -> tuple[str, str]:
    """Whether a path is that of a picture or a mask, and what both have in common."""
    folders, _, name = key.rpartition("/")
    parts, kind = folders.split("/"), ""
    for number, part in enumerate(parts):
        word = part.lower()
        if word in MASK_FOLDERS or word in PICTURE_FOLDERS:
            kind = "mask" if word in MASK_FOLDERS else "picture"
            parts[number] = ""
            break
    stem = name.rpartition(".")[0]
    if kind == "mask":
        lower = stem.lower()
        ending = next((suffix for suffix in _SUFFIXES if lower.endswith(suffix)), "")
        stem = stem[: len(stem) - len(ending)]
    return kind, "/".join((*[part for part in parts if part], stem))


def _splits(keys: Sequence[str]) -> list[str] | None:
    """By the top folder, or by the one below `images`."""
    by_top = splits_of_folders(keys)
    if by_top is not None:
        return by_top
    inner = [key.split("/")[1].lower() if key.count("/") >= 2 else "" for key in keys]
    words = {word for word in inner if word in SPLIT_WORDS}
    return [SPLIT_WORDS.get(word, "") for word in inner] if "train" in words else None


def _values(place: Path, names: Sequence[str]) -> set[int]:
    """Numbers in some of the masks, always the same ones."""
    found: set[int] = set()
    for name in sorted(names, key=unit_hash)[:_LOOKED_AT]:
        numbers = told(name, lambda name=name: mask_numbers(read_file(place / name, name=name)))
        found |= set(np.unique(numbers).tolist())
    return found


def _class_names(place: Path) -> list[str]:
    for name in _CLASS_FILES:
        path = place / name
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):  # Not there, or no list of names.
            continue
        names = [line.strip() for line in text.splitlines() if line.strip()]
        if len(names) > 255:
            raise DataError(f"{one_line(path)}: must name at most 255 classes, got {len(names)}")
        if len(set(names)) < len(names):
            raise DataError(f"{one_line(path)}: must name each class once")
        return names
    return []
