"""Source `packed`: a packed set, one Arrow file or a folder of them, here or in an object store."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vitral.core import IGNORE, DataError, FileFormatError, ImageError, Undecoded
from vitral.data.byte_file import byte_file, is_url, list_files
from vitral.data.decode import MAX_PIXELS, decode, told
from vitral.data.objects import Objects
from vitral.data.one_line import one_line
from vitral.data.packed.row_crop import RowCropJpeg
from vitral.data.packed.schema import SUFFIX
from vitral.data.packed.shard import Shard
from vitral.data.picture_set import SPLITS, PictureSet
from vitral.data.pillow_pixels import check_size
from vitral.data.pixels import Masks, Pixels
from vitral.data.sources.class_notes import class_notes
from vitral.data.sources.listing import has_picture, is_junk
from vitral.data.sources.source import Source
from vitral.data.undecoded import Decoded, undecoded


@dataclass(frozen=True, kw_only=True)
class PackedSet(Source, kind="packed"):
    """A packed set, as `vitral pack` writes it."""

    precedence: ClassVar[int] = 50

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        """A file or address that ends in .arrow, a folder of such and no pictures, or a list of them."""
        if isinstance(place, list | tuple):
            return len(place) > 0 and all(cls.recognizes(one) for one in place)
        if isinstance(place, str):
            return is_url(place) and place.endswith(SUFFIX)
        if not isinstance(place, Path):
            return False
        if place.is_file():
            return place.suffix == SUFFIX
        try:
            return place.is_dir() and _holds_packed(place)
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
        try:
            return self._opened(shards, _name(place))
        except FileFormatError:
            raise
        except ValueError as error:  # The parts of the set contradict each other.
            raise FileFormatError(
                f"{one_line(_shown(place))}: contradicts itself ({one_line(error)})"
            ) from error

    def _opened(self, shards: list[Shard], name: str) -> PictureSet:
        header = shards[0].header
        keys = tuple(key for shard in shards for key in shard.keys)
        labels = np.concatenate([shard.labels for shard in shards])
        given = [split for shard in shards for split in shard.splits]
        if not set(given) <= {*SPLITS, ""}:
            raise ValueError("a split must be train, val, test or nothing")
        splits, split_by = self.splits(keys, labels, given if any(given) else None, "table")
        weights = np.concatenate([shard.weights for shard in shards])
        classes = tuple(header["classes"])
        if labels.max() >= len(classes) or labels[labels != IGNORE].min(initial=0) < 0:
            raise ValueError(f"a label must lie in [0, {len(classes) - 1}]")
        return PictureSet(
            name=name,
            keys=keys,
            source=PackedPixels(shards),
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


def _holds_packed(folder: Path) -> bool:
    """Whether a folder holds packed sets, and no pictures that one of them was perhaps made of."""
    names = [name for name in os.listdir(folder) if not is_junk(name)]
    return any(name.endswith(SUFFIX) for name in names) and not has_picture(folder)


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
        # It was decoded as a whole when it was packed, and its checksum says it is still the same.
        return undecoded(shard.picture(row), name=shard.keys[row], shape=(height, width), sound=True)

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
        """The mask of one picture; 255 everywhere where the set has none. See `Masks.read`."""
        shard, row = self._at(row)
        data, size = shard.mask(row), tuple(shard.sizes[row].tolist())
        if data is None:
            return told(f"mask of {shard.name(row)}", lambda: _nothing_counts(*size))
        mask = decode(data, name=f"mask of {shard.name(row)}")[..., 0].copy()
        if mask.shape != size:
            raise ImageError(
                f"mask of {shard.name(row)}: must have the size of its picture, {size[1]} x {size[0]}, "
                f"got {mask.shape[1]} x {mask.shape[0]}"
            )
        return mask


def _nothing_counts(height: int, width: int) -> NDArray[np.uint8]:
    check_size(height, width, MAX_PIXELS)
    return np.full((height, width), 255, dtype=np.uint8)


def open_shards(place: Any, filesystem: Any = None) -> list[Shard]:
    """Open all shards of a packed set, in their order.

    Raises:
        FileFormatError: a shard is damaged, foreign, or of a newer version.
        DataError: a shard cannot be read, is missing, or does not belong to the others.
    """
    places = list(place) if isinstance(place, list | tuple) else [place]
    files = [file for one in places for file in _files(one, filesystem)]
    shards = [Shard(byte_file(file, filesystem)) for file in files]
    if not any(len(shard) for shard in shards):
        raise DataError(f"{one_line(_shown(place))}: holds no pictures")
    _check_alike(shards, "classes", "mask_classes", "masks", "objects")
    if not isinstance(place, list | tuple):
        _check_complete(shards, place)
    return shards


def _check_alike(shards: Sequence[Shard], *parts: str) -> None:
    first = shards[0]
    for shard in shards[1:]:
        for part in parts:
            if shard.header.get(part) != first.header.get(part):
                raise DataError(
                    f"{one_line(shard.file.name)}: is of another set than {one_line(first.file.name)}; "
                    f"they differ in {part!r}"
                )


def _check_complete(shards: Sequence[Shard], place: Any) -> None:
    """All shards of one packing are there, in their order."""
    _check_alike(shards, "source", "shards")
    count = shards[0].header.get("shards", 1)
    numbers = [shard.header.get("shard", 0) for shard in shards]
    if numbers == list(range(count)):
        return
    where = one_line(place)
    if len(set(numbers)) < len(numbers):
        raise DataError(f"{where}: must hold each shard once, got {len(numbers)} files of {count}")
    missing = next((number for number in range(count) if number not in numbers), None)
    if missing is None:
        raise DataError(f"{where}: must hold its shards under names in their order")
    raise DataError(
        f"{where}: must hold all {count} shards of a packed set, got {len(numbers)}; the first that is "
        f"missing was written as {missing:05d}{SUFFIX} (a list of shards opens those alone)"
    )


def _files(place: Any, filesystem: Any) -> list[Any]:
    if str(place).endswith(SUFFIX) and not _is_folder(place, filesystem):
        return [place]
    if filesystem is None and not is_url(place) and Path(place).is_file():
        raise DataError(
            f"{one_line(place)}: must be a packed set, a file that ends in {SUFFIX} or a folder of such"
        )
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
    found = [shard.objects or _unmarked(len(shard)) for shard in shards]
    points = [one.points for one in found if one.points is not None]
    outlines = [outline for one in found for outline in one.outlines or [()] * len(one)]
    return Objects(
        starts=np.cumsum([0, *np.concatenate([np.diff(one.starts) for one in found])]),
        boxes=np.concatenate([one.boxes for one in found]),
        labels=np.concatenate([one.labels for one in found]),
        crowd=np.concatenate([one.crowd for one in found]),
        points=np.concatenate(points) if points else None,
        outlines=outlines if any(one.outlines is not None for one in found) else None,
    )


def _unmarked(rows: int) -> Objects:
    return Objects(starts=np.zeros(rows + 1, np.int64), boxes=np.zeros((0, 4)), labels=np.zeros(0, np.int64))


def _shown(place: Any) -> str:
    if isinstance(place, list | tuple):
        return str(place[0]) + (f" and {len(place) - 1} more" if len(place) > 1 else "")
    return str(place)


def _name(place: Any) -> str:
    first = place[0] if isinstance(place, list | tuple) else place
    return str(first).rstrip("/").rpartition("/")[2].removesuffix(SUFFIX) or "packed"
