"""Which pictures are nearly the same: a fingerprint of each, and a search over all of them."""

import itertools
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from jaxtyping import Int, UInt8, UInt64
from numpy.typing import NDArray

_SIDE = 32
_LOW = 8
_THUMB = 16
_BLANK_LEVELS = 3.0
_MOST_BITS = 6
_MOST_LEVELS = 6.0
_FARTHEST = 1000
_PAIRS_AT_ONCE = 20_000
_ONES = np.array([number.bit_count() for number in range(256)], dtype=np.uint8)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fingerprint:
    """What is kept of a picture to find others like it.

    Args:
        bits: 64 bits: which of its 64 slowest waves are stronger than the median.
        thumb: the picture at 16 x 16 pixels.
        blank: True when it has no structure, so that `bits` are chance.
    """

    bits: int
    thumb: UInt8[NDArray[np.uint8], "h=16 w=16 c=3"]
    blank: bool

    @classmethod
    def of(cls, picture: UInt8[NDArray[np.uint8], "h w c=3"]) -> Self:
        """The fingerprint of one picture of any size.

        Source:
            Zauner 2010, "Implementation and benchmarking of perceptual image hash functions",
            section 3.2. Departures: the prefilter is an average by area; the constant wave is
            left out of the median.
        """
        height, width = picture.shape[:2]
        smaller = min(width, _SIDE), min(height, _SIDE)
        # Two steps, because an average by area is meant for shrinking alone.
        small = cv2.resize(picture, smaller, interpolation=cv2.INTER_AREA)
        small = cv2.resize(small, (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        waves = np.asarray(cv2.dct(grey))[:_LOW, :_LOW].ravel()
        stronger = waves > np.median(waves[1:])
        thumb = np.asarray(cv2.resize(small, (_THUMB, _THUMB), interpolation=cv2.INTER_AREA), np.uint8)
        return cls(
            bits=int(np.packbits(stronger).view(np.uint64)[0]),
            thumb=thumb,
            blank=bool(grey.std() < _BLANK_LEVELS),
        )


def near_groups(
    bits: UInt64[NDArray[np.uint64], " b"], thumbs: UInt8[NDArray[np.uint8], "b h=16 w=16 c=3"]
) -> Int[NDArray[np.int64], " b"]:
    """Number the groups of pictures that are nearly the same.

    Two pictures belong together when at most 6 of their 64 bits differ and their thumbs differ
    by at most 6 levels (root of the mean square); so do their companions. Two such pictures
    agree in at least one of seven bands of bits, and only pictures that agree in a band are
    compared: 50,000 pictures take seconds. In a band that more than a thousand pictures agree
    in, a picture is compared with the thousand that follow it in the order of bits.

    Args:
        bits: of the fingerprints.
        thumbs: of the fingerprints.
    Returns:
        The number of its group for each picture, from 0; a picture like no other is alone.
    """
    group = np.arange(len(bits))
    edges = np.linspace(0, 64, _MOST_BITS + 2).astype(int)
    for start, end in itertools.pairwise(edges):
        band = (bits >> np.uint64(start)) & np.uint64(2 ** int(end - start) - 1)
        group = _joined_by_band(band, bits, thumbs, group)
    return group


def _joined_by_band(
    band: NDArray[np.uint64], bits: NDArray[np.uint64], thumbs: NDArray[np.uint8], group: NDArray[np.int64]
) -> NDArray[np.int64]:
    order = np.lexsort((bits, band))
    band = band[order]
    found: list[NDArray[np.int64]] = []
    first = np.arange(len(order))
    for step in range(1, min(_FARTHEST, len(order) - 1) + 1):
        # Sorted: who does not agree with the one `step` places on agrees with none beyond.
        first = first[first < len(order) - step]
        first = first[band[first] == band[first + step]]
        if not len(first):
            break
        pairs = np.stack([order[first], order[first + step]], axis=1)
        found.append(_alike(pairs[group[pairs[:, 0]] != group[pairs[:, 1]]], bits, thumbs))
        if sum(map(len, found)) > _PAIRS_AT_ONCE:
            group, found = _merged(group, found), []
    return _merged(group, found)


def _alike(
    pairs: NDArray[np.int64], bits: NDArray[np.uint64], thumbs: NDArray[np.uint8]
) -> NDArray[np.int64]:
    differing = (bits[pairs[:, 0]] ^ bits[pairs[:, 1]]).view(np.uint8).reshape(-1, 8)
    pairs = pairs[_ONES[differing].sum(axis=1) <= _MOST_BITS]
    kept = []
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        part = pairs[start : start + _PAIRS_AT_ONCE]
        apart = thumbs[part[:, 0]].astype(np.float32) - thumbs[part[:, 1]]
        kept.append(part[(apart**2).mean(axis=(1, 2, 3)) <= _MOST_LEVELS**2])
    return np.concatenate(kept) if kept else pairs


def _merged(group: NDArray[np.int64], found: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = np.concatenate([group[pair] for pair in found]) if found else np.empty((0, 2), dtype=np.int64)
    if not len(pairs):
        return group
    size = int(group.max()) + 1
    graph = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    _, number = connected_components(graph, directed=False)
    return number.astype(np.int64)[group]
