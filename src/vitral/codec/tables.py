"""`Tables`: what coder and decoder must share, all in whole numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.core import FileFormatError

TAPS = ((0, -1), (-1, -1), (-1, 0), (-1, 1), (0, -2), (-2, 0))
"""Row and column of the decoded neighbors of a place, in the order of the weights."""
FRACTION_BITS = 12
"""Means, scales and weights are in units of 2 ** -12."""
MOST_MAGNITUDE = 255
"""Larger magnitudes count as this where a scale is predicted."""
MOST_LATENT = 2**18
"""Larger magnitudes count as this where a mean is predicted."""
MOST_COUNT = 2**20
MOST_QUALITIES = 16
# Sums of products stay exact in float64, in any order: 2 ** 18 * 2 ** 33 + 2 ** 31 < 2 ** 53.
_MOST_WEIGHTS = 2**33
_MOST_EDGE = 2**52
_MOST_LATENTS = 2**24
_MOST_CHANNELS, _MOST_TABLES, _MOST_SYMBOLS, _MOST_LOW = 4096, 4096, 2**16, 2**20


@dataclass(frozen=True, kw_only=True, eq=False)
class Tables:
    """Weights of the contexts, and how often each symbol comes, for each range of scales.

    Args:
        stride: pixels for one place of the latents, in each direction.
        tile: places on a side of a tile.
        groups: channels of each group, in order.
        mean_bias: q x c; with `mean_taps` (c x 6) and `mean_cross` (c x c) the predicted mean.
        mean_taps: weights of the neighbors in the order of `TAPS`.
        mean_cross: weights of other channels at the same place; only earlier groups are looked at.
        scale_bias: q x c; with `scale_taps` and `scale_cross` the predicted scale.
        scale_taps: like `mean_taps`, of magnitudes.
        scale_cross: like `mean_cross`, of magnitudes.
        edges: ascending scales between the tables, t - 1.
        lows: smallest symbol of each table, t.
        counts: of each table, its symbols from its low on and the escape behind them; at least 1
            each, at most 2 ** 20 together.
    Raises:
        FileFormatError: they do not fit together, or a number is out of its range.
    """

    stride: int
    tile: int
    groups: tuple[int, ...]
    mean_bias: Int[NDArray[np.integer], "q c"] = field(repr=False)
    mean_taps: Int[NDArray[np.integer], "c t"] = field(repr=False)
    mean_cross: Int[NDArray[np.integer], "c c"] = field(repr=False)
    scale_bias: Int[NDArray[np.integer], "q c"] = field(repr=False)
    scale_taps: Int[NDArray[np.integer], "c t"] = field(repr=False)
    scale_cross: Int[NDArray[np.integer], "c c"] = field(repr=False)
    edges: Int[NDArray[np.integer], " e"] = field(repr=False)
    lows: Int[NDArray[np.integer], " t"] = field(repr=False)
    counts: tuple[Int[NDArray[np.integer], " n"], ...] = field(repr=False)

    def __post_init__(self) -> None:
        _check_sizes(self)
        _check_weights(self)
        _check_counts(self)

    @property
    def channels(self) -> int:
        """Of the latents."""
        return sum(self.groups)

    @property
    def qualities(self) -> int:
        """How many there are."""
        return len(self.mean_bias)

    @property
    def parts(self) -> tuple[slice, ...]:
        """The channels of each group."""
        ends = np.cumsum(self.groups).tolist()
        return tuple(slice(end - size, end) for size, end in zip(self.groups, ends, strict=True))

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the latents of a picture, in places."""
        return -(-height // self.stride), -(-width // self.stride)

    def tiles(self, height: int, width: int) -> list[tuple[slice, slice]]:
        """Rows and columns of every tile of a picture, in places, in the order of a file."""
        rows, columns = self.grid(height, width)
        return [
            (slice(top, min(top + self.tile, rows)), slice(left, min(left + self.tile, columns)))
            for top in range(0, rows, self.tile)
            for left in range(0, columns, self.tile)
        ]

    def same(self, other: "Tables") -> bool:
        """Whether every number is equal."""
        mine, theirs = self.to_arrays(), other.to_arrays()
        return all(np.array_equal(mine[name], theirs[name]) for name in mine)

    def to_arrays(self) -> dict[str, NDArray[np.int64]]:
        """Everything as arrays; the counts of all tables in one, with their lengths beside it."""
        plain = {one.name: np.array(getattr(self, one.name), np.int64) for one in fields(self)[:-1]}
        lengths = np.array([len(counts) for counts in self.counts], np.int64)
        return plain | {"lengths": lengths, "counts": np.concatenate(self.counts).astype(np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.integer]]) -> "Tables":
        """The tables that `to_arrays` wrote.

        Raises:
            FileFormatError: an array is missing, or they do not fit together.
        """
        names = [one.name for one in fields(cls)]
        missing = [name for name in (*names, "lengths") if name not in arrays]
        _must(not missing, f"{', '.join(missing)} missing")
        ready = {name: np.asarray(arrays[name]) for name in names}
        lengths, flat = np.asarray(arrays["lengths"]), ready.pop("counts")
        _must(_whole(lengths, 1) and _whole(flat, 1), "counts must be whole numbers")
        _must(bool((lengths >= 0).all()) and lengths.sum() == len(flat), "counts are cut short or too many")
        for name, axes in (("stride", 0), ("tile", 0), ("groups", 1)):
            _must(_whole(ready[name], axes), f"{name} must be whole numbers")
        stride, tile, groups = (ready.pop(name).tolist() for name in ("stride", "tile", "groups"))
        counts = tuple(np.split(flat, np.cumsum(lengths)[:-1])) if len(lengths) else ()
        return cls(stride=stride, tile=tile, groups=tuple(groups), counts=counts, **ready)


def _check_sizes(tables: Tables) -> None:
    _must(1 <= tables.stride <= 256 and 1 <= tables.tile <= 1024, "stride or tile is out of range")
    _must(min(tables.groups, default=0) >= 1, "there must be channels in every group")
    _must(tables.channels <= _MOST_CHANNELS, f"at most {_MOST_CHANNELS:,} channels can be")
    _must(tables.channels * tables.tile**2 <= _MOST_LATENTS, "a tile has too many latents")


def _check_weights(tables: Tables) -> None:
    channels = tables.channels
    _must(_whole(tables.mean_bias, 2), "mean_bias must be whole numbers of two axes")
    _must(1 <= tables.qualities <= MOST_QUALITIES, f"1 to {MOST_QUALITIES} qualities can be")
    shapes = {"bias": (tables.qualities, channels), "taps": (channels, len(TAPS)), "cross": (channels,) * 2}
    for kind in ("mean", "scale"):
        total = np.zeros(channels, np.int64)
        for part, shape in shapes.items():
            weights = getattr(tables, f"{kind}_{part}")
            _must(
                _whole(weights, 2) and weights.shape == shape,
                f"{kind}_{part} must be whole numbers of {shape}",
            )
            _must(weights.min() >= -(2**31) and weights.max() < 2**31, f"{kind}_{part} is too large")
            if part != "bias":
                total += np.abs(weights.astype(np.int64)).sum(1)
        _must(int(total.max()) <= _MOST_WEIGHTS, f"the weights of the {kind} are too large")


def _check_counts(tables: Tables) -> None:
    edges, lows = tables.edges, tables.lows
    _must(_whole(edges, 1) and _whole(lows, 1), "edges and lows must be whole numbers")
    _must(len(edges) + 1 == len(lows) == len(tables.counts), "edges, lows and counts differ in number")
    _must(len(lows) <= _MOST_TABLES, f"at most {_MOST_TABLES:,} tables can be")
    _must(bool((edges[1:] > edges[:-1]).all()), "edges must ascend")
    _must(edges.size == 0 or (edges[0] >= -_MOST_EDGE and edges[-1] <= _MOST_EDGE), "edges are out of range")
    _must(lows.min() >= -_MOST_LOW and lows.max() <= _MOST_LOW, "lows are out of range")
    for counts in tables.counts:
        _must(_whole(counts, 1) and 2 <= len(counts) <= _MOST_SYMBOLS, "a table has too few or many symbols")
        # Each alone first: a sum of hostile numbers may wrap around.
        _must(counts.min() >= 1 and counts.max() <= MOST_COUNT, "counts are out of range")
        _must(int(counts.sum(dtype=np.int64)) <= MOST_COUNT, "counts are out of range")


def _whole(array: object, axes: int) -> bool:
    return isinstance(array, np.ndarray) and array.dtype.kind in "iu" and array.ndim == axes


def _must(holds: bool, words: str) -> None:
    if not holds:
        raise FileFormatError(f"coder tables: {words}; the model file is damaged or was made by hand")
