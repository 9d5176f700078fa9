"""Source `class-folders`: the folder a picture lies in is its class."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from vitral.core import IGNORE
from vitral.data.one_line import one_line
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import FilePixels
from vitral.data.sources.class_notes import class_notes, some
from vitral.data.sources.listing import Listing, has_picture, is_folder, is_junk, is_picture, list_pictures
from vitral.data.sources.source import Source
from vitral.data.split import split_folders


@dataclass(frozen=True, kw_only=True)
class ClassFolders(Source, kind="class-folders"):
    """A folder with one folder per class, perhaps below train, val and test."""

    precedence: ClassVar[int] = 20

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        """A folder with two or more folders of pictures, or with one and no picture of its own."""
        if not isinstance(place, Path) or not place.is_dir():
            return False
        loose, folders = False, 0
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if is_junk(entry.name):
                        continue
                    if is_folder(entry):
                        folders += has_picture(entry.path)
                    else:
                        loose = loose or is_picture(entry.name)
        except OSError:
            return False
        return folders >= 2 or (folders == 1 and not loose)

    def open(self, place: Path) -> PictureSet:
        """Find the pictures; the class is the first folder below the place, or below its split.

        Folders called train, val (valid, validation) and test, in any case, are splits when one
        of them is train or when there are no others. Without val, some of train is taken by hash.

        Raises:
            DataError: the folder is missing, unreadable or holds no pictures.
        """
        listing = list_pictures(place)
        found = _sorted_out(listing)
        classes = tuple(sorted({name for name in found.names if name is not None}))
        number = {name: k for k, name in enumerate(classes)}
        labels = np.array([IGNORE if n is None else number[n] for n in found.names], dtype=np.int64)
        splits, split_by = self.splits(found.keys, labels, found.splits)
        if len(classes) == 1 and found.inner > 1:
            found.notes.append(
                f"all pictures lie below the one folder {classes[0]!r}; if the folders in it "
                "are the classes, open that folder instead"
            )
        return PictureSet(
            name=place.resolve().name,
            keys=tuple(found.keys),
            source=FilePixels(place, found.keys),
            classes=classes,
            labels=labels,
            splits=splits,
            root=place,
            origin="class folders" if classes else "folder",
            split_by=split_by,
            notes=(*listing.notes, *found.notes, *class_notes(classes, labels, splits)),
        )


@dataclass(frozen=True, kw_only=True)
class _Place:
    """What the folder of a picture says of it: read once per folder, not once per picture."""

    top: str
    split: str
    name: str | None
    inner: str


@dataclass(kw_only=True)
class _Found:
    keys: list[str]
    names: list[str | None]
    splits: list[str] | None
    inner: int
    notes: list[str]


def _sorted_out(listing: Listing) -> _Found:
    """Give each picture its class and its split; leave out what has no place in the scheme."""
    parents = [key.rpartition("/")[0] for key in listing.keys]
    split_of = split_folders({parent.partition("/")[0] for parent in set(parents)} - {""})
    places = {parent: _place(parent, split_of) for parent in set(parents)}
    # Where some pictures of a split have a class, those without lie there by mistake.
    with_class = {place.top for place in places.values() if place is not None and place.name is not None}
    kept: list[tuple[str, _Place]] = []
    loose, strange = [], []
    for key, parent in zip(listing.keys, parents, strict=True):
        place = places[parent]
        if place is None:
            strange.append(key)
        elif place.name is None and place.top in with_class:
            loose.append(key)
        else:
            kept.append((key, place))
    names = [place.name for _, place in kept]
    return _Found(
        keys=[key for key, _ in kept],
        names=names,
        splits=None if split_of is None else [place.split for _, place in kept],
        inner=len({place.inner for _, place in kept} - {""}),
        notes=[
            *_left_out(loose, "outside any class folder"),
            *_left_out(strange, "beside the folders train, val and test"),
            *_empty_folders(listing.folders, split_of, set(names)),
        ],
    )


def _place(parent: str, split_of: dict[str, str] | None) -> _Place | None:
    """Split and class of the pictures of one folder; None when it lies beside the split folders."""
    top, rest = "", parent
    if split_of is not None:
        top, _, rest = parent.partition("/")
        if top not in split_of:
            return None
    name, _, inner = rest.partition("/")
    split = "" if split_of is None else split_of[top]
    return _Place(top=top, split=split, name=name or None, inner=inner.partition("/")[0])


def _left_out(keys: Sequence[str], where: str) -> list[str]:
    if not keys:
        return []
    verb = "picture was" if len(keys) == 1 else "pictures were"
    return [
        f"{len(keys):,} {verb} left out because {'it lies' if len(keys) == 1 else 'they lie'} {where}: "
        f"{some([one_line(key) for key in keys])}"
    ]


def _empty_folders(
    folders: Sequence[str], split_of: dict[str, str] | None, names: set[str | None]
) -> list[str]:
    empty = set()
    for folder in folders:
        parts = folder.split("/")
        if split_of is not None:
            parts = parts[1:] if parts[0] in split_of else []
        if len(parts) == 1 and parts[0] not in names:
            empty.add(parts[0])
    return [f"the folder {one_line(name)!r} holds no pictures and is no class" for name in sorted(empty)]
