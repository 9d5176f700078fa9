"""Source `folder`: pictures without classes, directly in a folder or anywhere below it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from vitral.core import IGNORE
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import FilePixels
from vitral.data.sources.listing import list_pictures
from vitral.data.sources.source import Source, splits_of_folders


@dataclass(frozen=True, kw_only=True)
class PlainFolder(Source, kind="folder"):
    """A folder of pictures without classes."""

    precedence: ClassVar[int] = 10

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        return isinstance(place, Path) and place.is_dir()

    def open(self, place: Path) -> PictureSet:
        """Find the pictures; folders called train, val and test are taken as splits.

        Raises:
            DataError: the folder is missing, unreadable or holds no pictures.
        """
        listing = list_pictures(place)
        labels = np.full(len(listing.keys), IGNORE, dtype=np.int64)
        splits, split_by = self.splits(listing.keys, labels, splits_of_folders(listing.keys))
        return PictureSet(
            name=place.resolve().name,
            keys=tuple(listing.keys),
            source=FilePixels(place, listing.keys),
            labels=labels,
            splits=splits,
            root=place,
            origin="folder",
            split_by=split_by,
            notes=tuple(listing.notes),
        )
