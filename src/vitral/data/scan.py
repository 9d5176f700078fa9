"""`scan`: look at every picture once: which are broken, what they have in common, keep them."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from jaxtyping import Bool, UInt8
from numpy.typing import NDArray

from vitral.core import DataError, ImageError, OptionError
from vitral.data.crew import Crew
from vitral.data.facts import DataFacts, low_median
from vitral.data.free_memory import free_memory_bytes
from vitral.data.histogram import LEVELS, Histogram, level_counts
from vitral.data.one_line import one_line
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import Pixels
from vitral.data.stored import ShrunkMasks, ShrunkPixels, StoredPixels, shrunk, shrunk_objects

_CHUNK = 32  # pictures a thread takes at once
BROKEN_SHARE = 0.05
_NAMED = 3

Stack = UInt8[NDArray[np.uint8], "b h w c=3"]
Kept = Stack | list[NDArray[np.uint8]]


@dataclass(frozen=True)
class Broken:
    """A picture that cannot be decoded, and why."""

    key: str
    reason: str

    def __str__(self) -> str:
        return f"{one_line(self.key)}: {self.reason}"

    @classmethod
    def of(cls, key: str, error: ImageError) -> Self:
        """What is wrong with a picture, without its key a second time."""
        return cls(key=key, reason=str(error).removeprefix(f"{one_line(key)}: "))


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What one look at all pictures gave.

    Args:
        facts: of the train split, or of all pictures when none is marked train.
        pictures: the set without the broken ones; its pixels are the shrunk ones.
        broken: what was left out, in the order of the set.
        in_memory: True when `pictures` holds its pixels; otherwise they are decoded when read.
    """

    facts: DataFacts
    pictures: PictureSet = field(repr=False)
    broken: tuple[Broken, ...]
    in_memory: bool


def scan(
    pictures: PictureSet,
    *,
    short_side: int | None,
    threads: int = 2,
    memory_bytes: int | None = None,
    strict: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Scan:
    """Decode every picture once: find the broken, gather the facts, keep pixels that fit.

    The result is the same to the last bit for any number of threads. Facts are those of the
    pictures as they are, before shrinking.

    Args:
        pictures: what to look at.
        short_side: pictures are shrunk until their shorter side is at most this many pixels;
            None keeps them as they are. None is ever enlarged.
        threads: decoding threads, at least 1.
        memory_bytes: pixels are kept in memory when all fit in this; None: a quarter of the
            memory that is free; 0: never.
        strict: stop at the first broken picture.
        progress: called in this thread with (pictures done, pictures in all).
    Raises:
        DataError: the set is empty, or more than 5 % of its pictures are broken.
        ImageError: `strict`, and a picture is broken.
        OptionError: a number is out of its range.
    """
    _check(short_side=(short_side, 1), threads=(threads, 1), memory_bytes=(memory_bytes, 0))
    if len(pictures) == 0:
        raise DataError(f"{_place(pictures)}: must hold at least one picture, found none")
    budget = _Budget(free_memory_bytes() // 4 if memory_bytes is None else memory_bytes)
    look = _Look(pictures, short_side=short_side, strict=strict, budget=budget)
    chunks = _all_chunks(look, threads, progress)
    return Scan(
        facts=_facts(pictures, chunks),
        pictures=_scanned_set(pictures, chunks, short_side, in_memory=budget.fits),
        broken=tuple(one for chunk in chunks for one in chunk.broken),
        in_memory=budget.fits,
    )


def _all_chunks(look: "_Look", threads: int, progress: Callable[[int, int], None] | None) -> list["_Chunk"]:
    """Look at everything, in order; stop when too many are broken."""
    total = len(look.pictures)
    chunks: list[_Chunk] = []
    broken: list[Broken] = []
    fits = True
    crew = Crew(look, range(0, total, _CHUNK), workers=threads, ahead=2 * threads, name="scan")
    try:
        for chunk in crew:
            chunks.append(chunk)
            if fits and not look.budget.fits:
                fits = False
                for earlier in chunks:
                    earlier.kept = []
            broken += chunk.broken
            done = min(total, len(chunks) * _CHUNK)
            if len(broken) > BROKEN_SHARE * total:
                raise _too_many_broken(look.pictures, broken, done=done)
            if progress is not None:
                progress(done, total)
    finally:
        crew.close()
    return chunks


def _check(**numbers: tuple[int | None, int]) -> None:
    for name, (value, low) in numbers.items():
        if value is not None and value < low:
            raise OptionError(f"scan.{name}: must be at least {low}, got {value}")


@dataclass(eq=False)
class _Chunk:
    """What a thread found in some neighboring pictures; `sizes` and `sound` are parallel."""

    sound: list[int]
    sizes: list[tuple[int, int]]
    levels: Histogram
    grey: bool
    broken: list[Broken]
    kept: Kept


class _Budget:
    """Bytes that may be kept. Once over, nothing fits: the sum decides, not the order."""

    def __init__(self, limit_bytes: int) -> None:
        self._left = limit_bytes
        self._lock = threading.Lock()

    @property
    def fits(self) -> bool:
        return self._left >= 0

    def take(self, size_bytes: int) -> bool:
        with self._lock:
            if self._left >= 0:
                self._left -= size_bytes
            return self._left >= 0


class _Look:
    """What a thread does with the pictures from a number on; called from several threads."""

    def __init__(
        self, pictures: PictureSet, *, short_side: int | None, strict: bool, budget: _Budget
    ) -> None:
        self.pictures, self.short_side, self.strict, self.budget = pictures, short_side, strict, budget
        self.counted = _counted(pictures)

    def __call__(self, start: int) -> _Chunk:
        chunk = _Chunk(sound=[], sizes=[], levels=Histogram.merged([]), grey=True, broken=[], kept=[])
        levels = np.zeros((3, LEVELS), np.int64)
        kept: list[NDArray[np.uint8]] = []
        for index in range(start, min(start + _CHUNK, len(self.pictures))):
            try:
                picture = self.pictures.pixels(index)
            except ImageError as error:
                if self.strict:
                    raise
                chunk.broken.append(Broken.of(self.pictures.keys[index], error))
                continue
            chunk.sound.append(index)
            chunk.sizes.append((picture.shape[0], picture.shape[1]))
            if self.counted[index]:
                counts = level_counts(picture)
                levels += counts
                chunk.grey = chunk.grey and _is_grey(picture, counts)
            if self.budget.fits:
                small = shrunk(picture, self.short_side)
                if self.budget.take(small.nbytes):
                    kept.append(small)
        chunk.levels = Histogram(levels)
        if self.budget.fits:
            chunk.kept = _stacked(kept)
        return chunk


def _counted(pictures: PictureSet) -> Bool[NDArray[np.bool_], " b"]:
    """Which pictures the facts are taken from."""
    train = pictures.splits == "train"
    return train if train.any() else np.ones(len(pictures), dtype=bool)


def _is_grey(picture: NDArray[np.uint8], counts: NDArray[np.int64]) -> bool:
    # Equal channels have equal levels: nearly every colored picture is told without a look.
    if not (counts == counts[0]).all():
        return False
    red = picture[..., 0]
    return np.array_equal(red, picture[..., 1]) and np.array_equal(red, picture[..., 2])


def _too_many_broken(pictures: PictureSet, broken: Sequence[Broken], *, done: int) -> DataError:
    first = "; ".join(str(one) for one in broken[:_NAMED])
    more = "; ..." if len(broken) > _NAMED else ""
    return DataError(
        f"{_place(pictures)}: {len(broken)} of the first {done} pictures are broken, and at most "
        f"{BROKEN_SHARE:.0%} of all {len(pictures)} may be: {first}{more}"
    )


def _place(pictures: PictureSet) -> str:
    return one_line(pictures.root or pictures.name)


def _facts(pictures: PictureSet, chunks: Sequence[_Chunk]) -> DataFacts:
    sound = np.array([index for chunk in chunks for index in chunk.sound])
    sizes = np.array([size for chunk in chunks for size in chunk.sizes])
    counted = _counted(pictures)[sound]
    if not counted.any():
        raise DataError(
            f"{_place(pictures)}: must hold a sound picture to train on, but all of them are broken"
        )
    labels = pictures.labels[sound][counted]
    levels = Histogram.merged(chunk.levels for chunk in chunks)
    return DataFacts(
        classes=pictures.classes,
        counts=tuple(np.bincount(labels[labels >= 0], minlength=len(pictures.classes)).tolist()),
        pictures=int(counted.sum()),
        height_px=low_median(sizes[counted, 0].tolist()),
        width_px=low_median(sizes[counted, 1].tolist()),
        mean=levels.unit_mean,
        std=levels.unit_std,
        grey=all(chunk.grey for chunk in chunks),
    )


def _scanned_set(
    pictures: PictureSet, chunks: list[_Chunk], short_side: int | None, *, in_memory: bool
) -> PictureSet:
    sound = pictures.subset([index for chunk in chunks for index in chunk.sound])
    if not in_memory and short_side is None:
        return sound
    # The pictures get rows of their own, and so do their targets, in the size that they have now.
    before = np.array([size for chunk in chunks for size in chunk.sizes], dtype=np.int64).reshape(-1, 2)
    source: Pixels = StoredPixels(_joined(chunks), sound) if in_memory else ShrunkPixels(sound, short_side)
    return replace(
        sound,
        source=source,
        rows=np.arange(len(sound)),
        masks=None if sound.masks is None else ShrunkMasks(sound, short_side),
        objects=None if sound.objects is None else shrunk_objects(sound, before, short_side),
    )


def _stacked(kept: list[NDArray[np.uint8]]) -> Kept:
    return np.stack(kept) if len({picture.shape for picture in kept}) == 1 else kept


def _joined(chunks: list[_Chunk]) -> Kept:
    """All kept pictures, as one array when they have one size. Empties the chunks on the way."""
    shapes = {picture.shape for chunk in chunks for picture in chunk.kept}
    count = sum(len(chunk.kept) for chunk in chunks)
    if len(shapes) > 1:
        pictures = [picture for chunk in chunks for picture in chunk.kept]
        for picture in pictures:
            picture.flags.writeable = False
        return pictures
    stack, start = np.empty((count, *shapes.pop()), dtype=np.uint8), 0
    for chunk in chunks:
        stack[start : start + len(chunk.kept)] = chunk.kept
        start += len(chunk.kept)
        chunk.kept = []  # pages of the new array are taken as they are written: no double peak
    stack.flags.writeable = False
    return stack
