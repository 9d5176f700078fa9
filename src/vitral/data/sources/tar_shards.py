"""Source `tar`: tar archives in the layout of WebDataset, read where they lie."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from vitral.core import IGNORE, DataError
from vitral.data.byte_file import ByteFile, byte_file, is_url
from vitral.data.one_line import one_line
from vitral.data.os_reason import os_reason
from vitral.data.picture_set import PictureSet
from vitral.data.sources.class_notes import class_notes
from vitral.data.sources.listing import has_picture, is_folder, is_junk, is_picture
from vitral.data.sources.source import Source
from vitral.data.sources.tar_headers import TarMember, TarReader, compressed
from vitral.data.sources.tar_members import MemberMasks, MemberPixels, Members
from vitral.data.sources.tar_samples import TarSample, labels_of, samples_of
from vitral.data.split import SPLIT_WORDS

# Asking a server again costs as much as reading this much further; a disk reads pages of its own.
_AHEAD_FAR, _AHEAD_NEAR = 2**18, 2**12
_PACKED = {".gz": ("gzip", "gunzip"), ".tgz": ("gzip", "gunzip"), ".bz2": ("bzip2", "bunzip2")} | {
    ".xz": ("xz", "unxz"),
    ".txz": ("xz", "unxz"),
    ".zst": ("zstd", "unzstd"),
}

Place = Path | str


@dataclass(frozen=True, kw_only=True)
class TarShards(Source, kind="tar"):
    """One or many .tar archives of pictures and what belongs to each (WebDataset)."""

    precedence: ClassVar[int] = 30

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        """An archive, a list of archives, or a folder with archives and no pictures beside them."""
        if isinstance(place, list):
            return bool(place) and all(cls.recognizes(part) for part in place)
        if isinstance(place, Path) and place.is_dir():
            return bool(_archives_in(place))
        return _is_archive(place)

    def open(self, place: Place | list[Place]) -> PictureSet:
        """Read the headers of every archive; pictures are read when they are needed.

        Consecutive members whose base names agree up to the first dot are one sample. Its picture
        is the member that ends in .jpg, .png, .webp and the like; `.seg.png` or `.mask.png` is
        its mask; for its class and boxes see `labels_of`. Archives called after a split, or in a
        folder called after one, are that split.

        Raises:
            DataError: an archive is missing, compressed, damaged or cut short, holds a name that
                leads out of it, or a label that is none; or there is no picture at all.
        """
        given = place if isinstance(place, list) else [place]
        places = [part for one in given for part in _expanded(one)]
        shards = _read(places, _names(places))
        keys = _keys(shards.samples, shards.shard_of, shards.names)
        found = labels_of(shards.samples, shards.where)
        split_of = _split_of(shards.names)
        given_splits = None if split_of is None else [split_of[number] for number in shards.shard_of]
        splits, split_by = self.splits(keys, found.labels, given_splits)
        masks = shards.members([sample.mask for sample in shards.samples], keys)
        about = class_notes(found.classes, found.labels, splits) if (found.labels != IGNORE).any() else []
        alone = len(places) == 1
        name = place.resolve().name if isinstance(place, Path) else "shards"
        return PictureSet(
            name=Path(shards.names[0]).name if alone else name,
            keys=tuple(keys),
            source=MemberPixels(shards.members([sample.picture for sample in shards.samples], keys)),
            classes=found.classes,
            labels=found.labels,
            splits=splits,
            origin="tar archive" if alone else f"{len(places)} tar archives",
            split_by=split_by,
            notes=(*shards.notes, *found.notes, *about),
            masks=MemberMasks(masks) if any(sample.mask for sample in shards.samples) else None,
            objects=found.objects,
        )


@dataclass(frozen=True, kw_only=True)
class _Shards:
    """The archives, and all samples in them that have a picture."""

    places: Sequence[Place]
    names: Sequence[str]
    files: Sequence[ByteFile]
    samples: Sequence[TarSample]
    shard_of: Sequence[int]
    notes: Sequence[str]

    @property
    def where(self) -> str:
        """The archives, for an error."""
        return _where(self.places)

    def members(self, members: Sequence[TarMember | None], keys: Sequence[str]) -> Members:
        """One member of each sample."""
        return Members(self.places, self.files, self.shard_of, members, keys)


def _read(places: Sequence[Place], names: Sequence[str]) -> _Shards:
    files: list[ByteFile] = []
    samples: list[TarSample] = []
    shard_of: list[int] = []
    alone = passed_over = 0
    for number, place in enumerate(places):
        _refuse_compressed(place)
        try:
            files.append(byte_file(place))
            reader = TarReader(files[-1], ahead=_AHEAD_FAR if isinstance(place, str) else _AHEAD_NEAR)
            found = samples_of(reader)
        except OSError as error:
            raise DataError(f"{one_line(place)}: {os_reason(error)}") from error
        kept = [sample for sample in found if sample.picture is not None]
        samples += kept
        shard_of += [number] * len(kept)
        alone += len(found) - len(kept)
        passed_over += reader.passed_over
    if not samples:
        raise DataError(f"{_where(places)}: holds no pictures; a picture is called like 0001.jpg")
    notes = _notes(alone, passed_over)
    return _Shards(places=places, names=names, files=files, samples=samples, shard_of=shard_of, notes=notes)


def _where(places: Sequence[Place]) -> str:
    return one_line(places[0]) + (f" and {len(places) - 1} more" if len(places) > 1 else "")


def _is_archive(place: Any) -> bool:
    """A file, or the address of one, that is called like a tar archive, compressed or not."""
    if isinstance(place, Path):
        return _called_archive(place.name) and place.is_file()
    return isinstance(place, str) and is_url(place) and _called_archive(re.split("[?#]", place)[0])


def _called_archive(name: str) -> bool:
    return re.search(r"\.(tar(\.(gz|bz2|xz|zst))?|tgz|tbz2|txz)$", name, re.IGNORECASE) is not None


def _refuse_compressed(place: Place) -> None:
    ending = os.path.splitext(re.split("[?#]", str(place))[0])[1].lower()
    if ending in _PACKED:
        raise compressed(one_line(place), *_PACKED[ending])


def _expanded(place: Place) -> list[Place]:
    return list(_archives_in(place)) if isinstance(place, Path) and place.is_dir() else [place]


def _archives_in(folder: Path) -> list[Path]:
    """The archives in a folder and in the folders in it; none when it is a folder of pictures."""
    found: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_junk(entry.name):
                    continue
                if is_folder(entry):
                    if has_picture(entry.path):
                        return []
                    inner = (Path(entry.path, name) for name in os.listdir(entry.path) if not is_junk(name))
                    found += [path for path in inner if path.suffix.lower() == ".tar" and path.is_file()]
                elif is_picture(entry.name):
                    return []
                elif entry.name.lower().endswith(".tar"):
                    found.append(Path(entry.path))
    except OSError:
        return []  # Whoever lists it will say why it cannot be read.
    return sorted(found)


def _names(places: Sequence[Place]) -> list[str]:
    """A name for each archive: its path below the folder they have in common, without .tar."""
    if not places:
        raise DataError("a list of tar archives must not be empty")
    paths = [re.split("[?#]", str(p))[0] if isinstance(p, str) else os.path.abspath(p) for p in places]
    paths = [path.replace(os.sep, "/") for path in paths]
    folders = [path.split("/")[:-1] for path in paths]
    alike = [len(set(level)) == 1 for level in zip(*folders, strict=False)]
    shared = (*alike, False).index(False)
    names = ["/".join(path.split("/")[shared:]) for path in paths]
    names = [name[: -len(".tar")] if name.lower().endswith(".tar") else name for name in names]
    if len(set(names)) < len(names):
        twice = max(names, key=names.count)
        raise DataError(f"{one_line(twice)}: must be given once, got {names.count(twice)} times")
    return names


def _keys(samples: Sequence[TarSample], shard_of: Sequence[int], names: Sequence[str]) -> list[str]:
    """The name of each picture; below that of its archive when two archives share one."""
    keys = ["" if sample.picture is None else sample.picture.name for sample in samples]
    if len(set(keys)) == len(keys):
        return keys
    keys = [f"{names[number]}/{key}" for number, key in zip(shard_of, keys, strict=True)]
    if len(set(keys)) < len(keys):
        key, count = Counter(keys).most_common(1)[0]
        raise DataError(f"{one_line(key)}: must be in its archive once, got {count} times")
    return keys


def _split_of(names: Sequence[str]) -> list[str] | None:
    """The split of each archive by a word in its name, when one is train or all are splits."""
    words = [set(re.split(r"[^a-z]+", name.lower())) for name in names]
    splits = [{SPLIT_WORDS[word] for word in some if word in SPLIT_WORDS} for some in words]
    found = [split.pop() if len(split) == 1 else "" for split in splits]
    return found if "train" in found or all(found) else None


def _notes(alone: int, passed_over: int) -> list[str]:
    notes = []
    if alone:
        verb = "sample has" if alone == 1 else "samples have"
        notes.append(f"{alone:,} {verb} no picture; the members of one sample must follow one another")
    if passed_over:
        what = "link or device was" if passed_over == 1 else "links and devices were"
        notes.append(f"{passed_over:,} {what} passed over: only ordinary files are read")
    return notes
