"""`Histogram`: how often each level of red, green and blue comes, which says all sums exactly."""

import functools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Int, UInt8
from numpy.typing import NDArray

from vitral.core import DataError

LEVELS = 256
_CHANNELS = 3
_FULL = LEVELS - 1

Triple = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Histogram:
    """Pixels of each level, for red, green and blue; whole numbers, so that adding is exact.

    Every figure below comes from exact integer sums that are divided once. So histograms that are
    merged in any grouping and any order give the same figures to the last bit.

    Args:
        counts: pixels of each level; a row for each channel; all rows have one sum.
    Raises:
        DataError: these cannot be counts of pixels.
    """

    counts: Int[NDArray[np.int64], "c=3 level=256"]

    def __post_init__(self) -> None:
        counts = np.array(self.counts, dtype=np.int64)
        if counts.shape != (_CHANNELS, LEVELS):
            raise DataError(f"Histogram.counts: must be {_CHANNELS} x {LEVELS} numbers, got {counts.shape}")
        if (counts < 0).any() or len(set(counts.sum(axis=1).tolist())) > 1:
            raise DataError(
                "Histogram.counts: must not be negative and have one sum in all channels, "
                f"got the sums {counts.sum(axis=1).tolist()}"
            )
        counts.flags.writeable = False
        object.__setattr__(self, "counts", counts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and np.array_equal(self.counts, other.counts)

    def __hash__(self) -> int:
        return hash(self.counts.tobytes())

    @classmethod
    def of(cls, picture: UInt8[NDArray[np.uint8], "h w c=3"]) -> Self:
        """The levels of one picture of any size."""
        return cls(level_counts(picture))

    @classmethod
    def merged(cls, parts: Iterable["Histogram"]) -> Self:
        """The levels of all pixels of all parts; nothing at all gives zero pixels."""
        total = np.zeros((_CHANNELS, LEVELS), np.int64)
        for part in parts:
            total += part.counts
        return cls(total)

    @property
    def pixels(self) -> int:
        """How many pixels were counted."""
        return sum(self.counts[0].tolist())

    @property
    def unit_mean(self) -> Triple:
        """Mean of red, green and blue on [0, 1]; 0 of nothing."""
        red, green, blue = (total / (_FULL * (count or 1)) for count, total, _ in self._sums())
        return red, green, blue

    @property
    def unit_std(self) -> Triple:
        """Population standard deviation of red, green and blue on [0, 0.5]; 0 of nothing."""
        # The difference of two large numbers keeps all its digits, because they are integers.
        red, green, blue = (
            math.sqrt((count * squares - total * total) / ((_FULL * (count or 1)) ** 2))
            for count, total, squares in self._sums()
        )
        return red, green, blue

    @property
    def unit_min(self) -> Triple:
        """Lowest value of red, green and blue on [0, 1]; 0 of nothing."""
        red, green, blue = (int((row > 0).argmax()) / _FULL for row in self.counts)
        return red, green, blue

    @property
    def unit_max(self) -> Triple:
        """Highest value of red, green and blue on [0, 1]; 0 of nothing."""
        red, green, blue = (
            (_FULL - int((row[::-1] > 0).argmax())) / _FULL if row.any() else 0.0 for row in self.counts
        )
        return red, green, blue

    def to_json(self) -> dict[str, list[int]]:
        """Pixels of each of the 256 levels, by the name of the channel."""
        return dict(zip(("red", "green", "blue"), self.counts.tolist(), strict=True))

    def _sums(self) -> Iterable[tuple[int, int, int]]:
        """Number, sum and sum of squares of each channel, as integers without a bound."""
        # Squares of 10^15 levels do not fit in 64 bits.
        for row in self.counts.tolist():
            yield (
                sum(row),
                sum(level * count for level, count in enumerate(row)),
                sum(level * level * count for level, count in enumerate(row)),
            )


def level_counts(picture: UInt8[NDArray[np.uint8], "h w c=3"]) -> Int[NDArray[np.int64], "c=3 level=256"]:
    """Pixels of each level of red, green and blue of one picture."""
    counts = np.zeros((_CHANNELS, LEVELS), np.int64)
    _kernel()(np.ascontiguousarray(picture).reshape(-1, _CHANNELS), counts)
    return counts


@functools.cache
def _kernel() -> Callable[[NDArray[np.uint8], NDArray[np.int64]], None]:
    """The loop, compiled when it is first asked for, or read from what an earlier process compiled.

    It counts as fast as OpenCV sums levels and squares, and releases the interpreter lock.
    OpenCV's own histogram takes nearly twice as long, `numpy.bincount` four times.
    """
    from numba import njit, types

    # Pictures in memory are read-only; an array that can be written is taken as well.
    pixels = types.Array(types.uint8, 2, "C", readonly=True)
    signature = types.void(pixels, types.int64[:, ::1])
    try:
        return njit(signature, nogil=True, cache=True)(_count)
    except RuntimeError:  # no folder in which compiled code may be kept
        return njit(signature, nogil=True)(_count)


def _count(pixels: NDArray[np.uint8], counts: NDArray[np.int64]) -> None:
    for i in range(len(pixels)):
        counts[0, pixels[i, 0]] += 1
        counts[1, pixels[i, 1]] += 1
        counts[2, pixels[i, 2]] += 1
