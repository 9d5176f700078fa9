"""`look`: what is in a set of pictures, before anything is trained on it."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.core import IGNORE, DataError, ImageError, OptionError
from vitral.data.crew import Crew
from vitral.data.facts import low_median
from vitral.data.findings import Alike, Findings
from vitral.data.histogram import LEVELS, Histogram, level_counts
from vitral.data.likeness import Fingerprint, near_groups
from vitral.data.one_line import one_line
from vitral.data.picture_set import PictureSet
from vitral.data.scan import Broken
from vitral.data.statistics import class_counts, most_frequent, object_counts

_CHUNK = 32
_MAGIC = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}


def look(
    pictures: PictureSet, *, threads: int = 2, progress: Callable[[int, int], None] | None = None
) -> Findings:
    """Look at every picture once: counts, sizes, formats, colors, broken files, duplicates.

    Each picture is decoded once and at most a few per thread are in memory at a time; of each
    about one kilobyte is kept. The result is the same for any number of threads.

    Args:
        pictures: what to look at.
        threads: decoding threads, at least 1.
        progress: called in this thread with (pictures done, pictures in all).
    Raises:
        DataError: there is no picture, or none of them can be decoded.
        OptionError: threads is less than 1.
    """
    if threads < 1:
        raise OptionError(f"look.threads: must be at least 1, got {threads}")
    total, place = len(pictures), one_line(pictures.root or pictures.name)
    if total == 0:
        raise DataError(f"{place}: must hold at least one picture, found none")
    seen: list[_Seen] = []
    broken: list[Broken] = []
    levels: list[Histogram] = []

    def chunk(start: int) -> tuple[list[_Seen], list[Broken], Histogram]:
        return _look_at(pictures, range(start, min(start + _CHUNK, total)))

    crew = Crew(chunk, range(0, total, _CHUNK), workers=threads, ahead=2 * threads, name="look")
    try:
        for part, unreadable, part_levels in crew:
            seen += part
            broken += unreadable
            levels.append(part_levels)
            if progress is not None:
                progress(len(seen) + len(broken), total)
    finally:
        crew.close()
    if not seen:
        raise DataError(
            f"{place}: must hold a picture that can be decoded, but all {total} are broken: {broken[0]}"
        )
    return _findings(pictures, seen, broken, Histogram.merged(levels))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Seen:
    """What is kept of one picture."""

    index: int
    size: tuple[int, int]
    format: str
    digest: bytes
    print: Fingerprint


def _look_at(pictures: PictureSet, numbers: range) -> tuple[list[_Seen], list[Broken], Histogram]:
    seen: list[_Seen] = []
    broken: list[Broken] = []
    levels = np.zeros((3, LEVELS), np.int64)
    for index in numbers:
        try:
            pixels = np.ascontiguousarray(pictures.pixels(index))
        except ImageError as error:
            broken.append(Broken.of(pictures.keys[index], error))
            continue
        size = (pixels.shape[0], pixels.shape[1])
        digest = hashlib.blake2b(pixels.data, digest_size=16, salt=b"%dx%d" % size).digest()
        levels += level_counts(pixels)
        seen.append(
            _Seen(
                index=index,
                size=size,
                format=_format(pictures, index),
                digest=digest,
                print=Fingerprint.of(pixels),
            )
        )
    return seen, broken, Histogram(levels)


def _findings(
    pictures: PictureSet, seen: Sequence[_Seen], broken: Sequence[Broken], levels: Histogram
) -> Findings:
    sizes = Counter(one.size for one in seen)
    return Findings(
        name=pictures.name,
        found=pictures.found,
        notes=pictures.notes,
        pictures=len(pictures),
        counts=class_counts(pictures),
        objects=object_counts(pictures),
        formats=dict(Counter(one.format for one in seen).most_common()),
        height_px=low_median([one.size[0] for one in seen]),
        width_px=low_median([one.size[1] for one in seen]),
        sizes=most_frequent(sizes),
        mean=levels.unit_mean,
        std=levels.unit_std,
        histogram=levels,
        broken=tuple(broken),
        blank=tuple(pictures.keys[one.index] for one in seen if one.print.blank),
        alike=_alike(pictures, seen),
    )


def _format(pictures: PictureSet, index: int) -> str:
    """What a file is by its first bytes; its name may say anything."""
    path = pictures.path(index)
    if path is None:
        stored = pictures.source.encoded(int(pictures.rows[index]))
        return "pixels" if stored is None else _kind(bytes(stored[:12]), "other")
    with path.open("rb") as file:
        return _kind(file.read(12), path.suffix[1:].upper())


def _kind(head: bytes, otherwise: str) -> str:
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return "WebP"
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), otherwise)


def _alike(pictures: PictureSet, seen: Sequence[_Seen]) -> tuple[Alike, ...]:
    """Equal pictures by digest; then one of each, unless blank, is compared with all others."""
    members: dict[bytes, list[int]] = {}
    for one in seen:
        members.setdefault(one.digest, []).append(one.index)
    firsts = {one.digest: one for one in reversed(seen)}
    compared = [firsts[digest] for digest in members if not firsts[digest].print.blank]
    groups = _near(compared)
    alike = [
        _group(pictures, [i for digest in group for i in members[digest]], exact=len(group) == 1)
        for group in [*groups, *([one.digest] for one in firsts.values() if one.print.blank)]
    ]
    alike = [group for group in alike if len(group.keys) > 1]
    return tuple(sorted(alike, key=lambda g: (not g.leaks, not g.disagrees, not g.exact, g.keys)))


def _near(compared: Sequence[_Seen]) -> list[list[bytes]]:
    if not compared:
        return []
    bits: NDArray[np.uint64] = np.array([one.print.bits for one in compared], dtype=np.uint64)
    numbers = near_groups(bits, np.stack([one.print.thumb for one in compared]))
    groups: dict[int, list[bytes]] = {}
    for number, one in zip(numbers.tolist(), compared, strict=True):
        groups.setdefault(number, []).append(one.digest)
    return list(groups.values())


def _group(pictures: PictureSet, indices: list[int], *, exact: bool) -> Alike:
    indices = sorted(indices)
    names = [pictures.classes[k] if k != IGNORE else "" for k in pictures.labels[indices].tolist()]
    return Alike(
        exact=exact,
        keys=tuple(pictures.keys[i] for i in indices),
        splits=tuple(str(s) for s in pictures.splits[indices]),
        classes=tuple(names),
    )
