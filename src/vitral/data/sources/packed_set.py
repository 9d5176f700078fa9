"""Source `packed`: a packed set, one Arrow file or a folder of them, here or in an object store."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vitral.core import DataError, Undecoded
from vitral.data.byte_file import byte_file, is_url, list_files
from vitral.data.decode import decode
from vitral.data.objects import Objects
from vitral.data.one_line import one_line
from vitral.data.packed.row_crop import RowCropJpeg
from vitral.data.packed.schema import SUFFIX
from vitral.data.packed.shard import Shard
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import Masks, Pixels
from vitral.data.sources.class_notes import class_notes
from vitral.data.sources.source import Source
from vitral.data.undecoded import Decoded, undecoded


@dataclass(frozen=True, kw_only=True)
class PackedSet(Source, kind="packed"):
    """A packed set, as `vitral pack` writes it."""

    precedence: ClassVar[int] = 50

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        """A file or address that ends in .arrow, a folder with such files, or a list of them."""
        if isinstance(place, list | tuple):
            return len(place) > 0 and all(cls.recognizes(one) for one in place)
        if isinstance(place, str):
            return is_url(place) and place.endswith(SUFFIX)
        if not isinstance(place, Path):
            return False
        if place.is_file():
            return place.suffix == SUFFIX
        try:
            return place.is_dir() and any(name.endswith(SUFFIX) for name in os.listdir(place))
        except OSError:
            return False

    def open(self, place: Any, filesystem: Any = None) -> PictureSet:
        """Map the shards; nothing but their index is read.

        Args:
            place: see `recognizes`.
            filesystem: an object of `pyarrow.fs` or `fsspec` in which `place` is a path.
        Raises:
            FileFormatError: a shard is damaged, foreign, or of a newer version.
            DataError: a shard cannot be read, is missing, or does not belong to the others.
        """
        shards = open_shards(place, filesystem)
        header, name = shards[0].header, _name(place)
        keys = tuple(key for shard in shards for key in shard.keys)
        labels = np.concatenate([shard.labels for shard in shards])
        given = [split for shard in shards for split in shard.splits]
        splits, split_by = self.splits(keys, labels, given if any(given) else None, "table")
        weights = np.concatenate([shard.weights for shard in shards])
        source = PackedPixels(shards)
        classes = tuple(header["classes"])
        return PictureSet(
            name=name,
            keys=keys,
            source=source,
            classes=classes,
            labels=labels,
            splits=splits,
            origin="packed set",
            split_by=split_by,
            notes=tuple(class_notes(classes, labels, splits)) if (labels >= 0).any() else (),
            masks=PackedMasks(shards) if header.get("masks") else None,
            mask_classes=tuple(header["mask_classes"]),
            objects=_objects(shards) if header.get("objects") else None,
            weights=None if np.isnan(weights).any() else weights,
        )


class _Rows:
    """Rows of several shards counted through."""

    def __init__(self, shards: Sequence[Shard]) -> None:
        self._shards = list(shards)
        self._ends = np.cumsum([len(shard) for shard in shards])

    def _at(self, row: int) -> tuple[Shard, int]:
        if len(self._shards) == 1:
            return self._shards[0], row
        number = int(np.searchsorted(self._ends, row, side="right"))
        return self._shards[number], row - (int(self._ends[number - 1]) if number else 0)


class PackedPixels(_Rows, Pixels):
    """The pictures of a packed set."""

    def read(self, row: int) -> NDArray[np.uint8]:
        shard, row = self._at(row)
        if shard.is_raw(row):
            return shard.pixels(row)
        return decode(shard.picture(row), name=shard.name(row))

    def undecoded(self, row: int) -> Undecoded:
        """One picture with its size, which is in the index; see `Pixels.undecoded`."""
        shard, row = self._at(row)
        if shard.is_raw(row):
            return Decoded(shard.pixels(row))
        height, width = shard.sizes[row].tolist()
        restarts = shard.restarts(row)
        if restarts:
            return RowCropJpeg(shard.picture(row), (height, width), restarts, shard.keys[row])
        return undecoded(shard.picture(row), name=shard.keys[row], shape=(height, width))

    def size(self, row: int) -> tuple[int, int]:
        shard, row = self._at(row)
        height, width = shard.sizes[row].tolist()
        return height, width

    def encoded(self, row: int) -> bytes | memoryview | None:
        shard, row = self._at(row)
        return None if shard.is_raw(row) else shard.picture(row)


class PackedMasks(_Rows, Masks):
    """The masks of a packed set."""

    def read(self, row: int) -> NDArray[np.uint8]:
        shard, row = self._at(row)
        data = shard.mask(row)
        if data is None:
            return np.full(tuple(shard.sizes[row].tolist()), 255, dtype=np.uint8)
        return decode(data, name=f"mask of {shard.name(row)}")[..., 0].copy()


def open_shards(place: Any, filesystem: Any = None) -> list[Shard]:
    """Open all shards of a packed set, in their order.

    Raises:
        FileFormatError: a shard is damaged, foreign, or of a newer version.
        DataError: a shard cannot be read, is missing, or does not belong to the others.
    """
    places = list(place) if isinstance(place, list | tuple) else [place]
    files = [file for one in places for file in _files(one, filesystem)]
    shards = [Shard(byte_file(file, filesystem)) for file in files]
    header, where = shards[0].header, one_line(shards[0].file.name)
    for shard in shards[1:]:
        for part in ("classes", "mask_classes", "masks", "objects"):
            if shard.header.get(part) != header.get(part):
                raise DataError(
                    f"{one_line(shard.file.name)}: is of another set than {where}: their {part} differ"
                )
    if not isinstance(place, list | tuple) and len(shards) != header.get("shards", len(shards)):
        raise DataError(f"{one_line(place)}: must have {header['shards']} shards, got {len(shards)}")
    return shards


def _files(place: Any, filesystem: Any) -> list[Any]:
    if str(place).endswith(SUFFIX) and not _is_folder(place, filesystem):
        return [place]
    found = list_files(place, SUFFIX, filesystem)
    if not found:
        raise DataError(f"{one_line(place)}: holds no file that ends in {SUFFIX}")
    return found


def _is_folder(place: Any, filesystem: Any) -> bool:
    if filesystem is None and not is_url(place):
        return Path(place).is_dir()
    try:
        return bool(list_files(place, SUFFIX, filesystem))
    except DataError:  # A file cannot be listed.
        return False


def _objects(shards: Sequence[Shard]) -> Objects:
    nothing = Objects(starts=np.array([0, 0]), boxes=np.zeros((0, 4)), labels=np.zeros(0, np.int64))
    found: list[Objects] = []
    for shard in shards:
        found += [one or nothing for one in shard.objects or [None] * len(shard)]
    starts = np.cumsum([0, *(len(one) for one in found)])
    points = [one.points for one in found if one.points is not None]
    outlines = [outline for one in found for outline in one.outlines or [()] * len(one)]
    return Objects(
        starts=starts,
        boxes=np.concatenate([one.boxes for one in found]),
        labels=np.concatenate([one.labels for one in found]),
        crowd=np.concatenate([one.crowd for one in found]),
        points=np.concatenate([part for part in points if len(part)]) if any(map(len, points)) else None,
        outlines=outlines if any(one.outlines is not None for one in found) else None,
    )


def _name(place: Any) -> str:
    first = place[0] if isinstance(place, list | tuple) else place
    return str(first).rstrip("/").rpartition("/")[2].removesuffix(SUFFIX) or "packed"
