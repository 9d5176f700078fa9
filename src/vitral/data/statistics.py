"""`measure`: what the pixels of a set are in numbers, in one pass, the same for any number of threads."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray

from vitral.core import IGNORE, DataError, ImageError, OptionError
from vitral.data.crew import Crew
from vitral.data.facts import low_median
from vitral.data.histogram import LEVELS, Histogram, Triple, level_counts
from vitral.data.one_line import one_line
from vitral.data.picture_set import SPLITS, PictureSet
from vitral.data.scan import Broken

_CHUNK = 32  # pictures a thread takes at once
_MOST_SIZES = 10

Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What the pixels of a set are in numbers; broken pictures count in nothing but `broken`.

    All pixels count alike, so a large picture counts more than a small one. Values of pixels are
    on [0, 1].

    Args:
        pictures: how many could be decoded.
        pixels: of all of them together.
        mean: of red, green and blue over all pixels.
        std: population standard deviation of the same, on [0, 0.5].
        min: lowest value of red, green and blue.
        max: highest value of the same.
        histogram: how many pixels have each level of red, green and blue.
        counts: class -> split -> pictures; "" is no class, or no split.
        height_px: smallest, lower median and largest height, upright.
        width_px: the same for the width.
        sizes: the most frequent (height, width) with their pictures, at most ten.
        broken: what cannot be decoded, and why, in the order of the set.
    """

    pictures: int
    pixels: int
    mean: Triple
    std: Triple
    min: Triple
    max: Triple
    histogram: Histogram = field(repr=False)
    counts: dict[str, dict[str, int]]
    height_px: tuple[int, int, int]
    width_px: tuple[int, int, int]
    sizes: tuple[tuple[Size, int], ...]
    broken: tuple[Broken, ...] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        plain = {name: list(v) if isinstance(v, tuple) else v for name, v in vars(self).items()}
        return plain | {
            "histogram": self.histogram.to_json(),
            "counts": {name: dict(row) for name, row in self.counts.items()},
            "sizes": [{"height": h, "width": w, "pictures": n} for (h, w), n in self.sizes],
            "broken": [vars(one) for one in self.broken],
        }


def measure(
    pictures: PictureSet, *, threads: int = 2, progress: Callable[[int, int], None] | None = None
) -> Statistics:
    """Decode every picture once and count its levels: mean, deviation, range, classes, sizes.

    At most one picture per thread is in memory at a time, and nothing is kept of it but numbers.
    All sums are exact integers: the result is the same to the last bit for any number of threads.

    Args:
        pictures: what to measure; for normalization the train split, `pictures.of_split("train")`.
        threads: decoding threads, at least 1.
        progress: called in this thread with (pictures done, pictures in all).
    Raises:
        DataError: there is no picture, or none of them can be decoded.
        OptionError: threads is less than 1.
    """
    if threads < 1:
        raise OptionError(f"measure.threads: must be at least 1, got {threads}")
    total, place = len(pictures), one_line(pictures.root or pictures.name)
    if total == 0:
        raise DataError(f"{place}: must hold at least one picture, found none")
    tally = _Tally(total)

    def chunk(start: int) -> _Part:
        return _measured(pictures, range(start, min(start + _CHUNK, total)))

    crew = Crew(chunk, range(0, total, _CHUNK), workers=threads, ahead=2 * threads, name="measure")
    try:
        for part in crew:
            tally.add(part)
            if progress is not None:
                progress(tally.done, total)
    finally:
        crew.close()
    if not tally.sizes:
        raise DataError(
            f"{place}: must hold a picture that can be decoded, but all {total} are broken: {tally.broken[0]}"
        )
    return _statistics(pictures, tally)


def class_counts(
    pictures: PictureSet, chosen: Bool[NDArray[np.bool_], " b"] | None = None
) -> dict[str, dict[str, int]]:
    """Pictures of each class in each split; "" is no class, or no split.

    A class that only objects have is left out; see `object_counts`.

    Args:
        pictures: what to count.
        chosen: which of them to count; None: all.
    """
    chosen = np.ones(len(pictures), dtype=bool) if chosen is None else chosen
    rows = [(name, pictures.labels == number) for number, name in enumerate(pictures.classes)]
    rows.append(("", pictures.labels == IGNORE))
    return {
        name: {split: int((row & chosen & (pictures.splits == split)).sum()) for split in _splits(pictures)}
        for name, row in rows
        if row.any() or (name and pictures.objects is None)
    }


def object_counts(pictures: PictureSet) -> dict[str, dict[str, int]]:
    """Objects of each class in each split, crowds too; "" is no split. Empty when none can be marked."""
    if pictures.objects is None:
        return {}
    starts, labels = pictures.objects.starts, pictures.objects.labels
    counts: dict[str, dict[str, int]] = {name: {} for name in pictures.classes}
    for split in _splits(pictures):
        rows = np.zeros(len(starts) - 1, dtype=bool)
        rows[pictures.rows[pictures.splits == split]] = True
        here = np.repeat(rows, np.diff(starts))
        numbers = np.bincount(labels[here], minlength=len(pictures.classes)).tolist()
        for name, number in zip(pictures.classes, numbers, strict=True):
            counts[name][split] = number
    return counts


def _splits(pictures: PictureSet) -> list[str]:
    return [split for split in (*SPLITS, "") if (pictures.splits == split).any()]


def most_frequent(sizes: Mapping[Size, int]) -> tuple[tuple[Size, int], ...]:
    """The most frequent (height, width) with their pictures, at most ten; small ones first in a tie."""
    return tuple(sorted(sizes.items(), key=lambda size: (-size[1], size[0]))[:_MOST_SIZES])


@dataclass(frozen=True, eq=False)
class _Part:
    """What a thread found in some neighboring pictures."""

    numbers: range
    sizes: Counter[Size]
    levels: NDArray[np.int64]
    broken: dict[int, Broken]


class _Tally:
    """The sum of all parts so far."""

    def __init__(self, total: int) -> None:
        self.done = 0
        self.sizes: Counter[Size] = Counter()
        self.levels = np.zeros((3, LEVELS), np.int64)
        self.sound = np.ones(total, dtype=bool)
        self.broken: list[Broken] = []

    def add(self, part: _Part) -> None:
        self.done += len(part.numbers)
        self.sizes += part.sizes
        self.levels += part.levels
        self.sound[list(part.broken)] = False
        self.broken += part.broken.values()


def _measured(pictures: PictureSet, numbers: range) -> _Part:
    part = _Part(numbers, Counter(), np.zeros((3, LEVELS), np.int64), {})
    levels = part.levels
    for index in numbers:
        try:
            picture = pictures.pixels(index)
        except ImageError as error:
            part.broken[index] = Broken.of(pictures.keys[index], error)
            continue
        part.sizes[picture.shape[0], picture.shape[1]] += 1
        levels += level_counts(picture)
        del picture  # or it would be held while the next one is decoded
    return part


def _statistics(pictures: PictureSet, tally: _Tally) -> Statistics:
    levels = Histogram(tally.levels)
    heights = Counter[int]()
    widths = Counter[int]()
    for (height, width), count in tally.sizes.items():
        heights[height] += count
        widths[width] += count
    return Statistics(
        pictures=tally.sizes.total(),
        pixels=levels.pixels,
        mean=levels.unit_mean,
        std=levels.unit_std,
        min=levels.unit_min,
        max=levels.unit_max,
        histogram=levels,
        counts=class_counts(pictures, tally.sound),
        height_px=low_median(heights.elements()),
        width_px=low_median(widths.elements()),
        sizes=most_frequent(tally.sizes),
        broken=tuple(tally.broken),
    )
