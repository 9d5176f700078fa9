"""From outlines to class numbers of pixels, and from COCO's run lengths to outlines."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.data.decode import MAX_PIXELS
from vitral.data.objects import Objects, Outline
from vitral.data.pixels import Masks, Pixels

IGNORED = 255
_AT_ONCE = 2**20  # Crossings of edges and rows that are held in memory together.
_FEW = 64


def filled(outline: Outline, height: int, width: int) -> NDArray[np.bool_]:
    """The pixels whose center lies inside an outline: those that an odd number of its rings enclose."""
    canvas = np.zeros((height, width), dtype=np.bool_)
    top, left, area = _area(outline, height, width)
    canvas[top : top + area.shape[0], left : left + area.shape[1]] = area
    return canvas


def united(outline: Outline, height: int, width: int) -> Outline:
    """An outline of what any of the rings encloses, as COCO means several polygons of one object.

    Rings that do not lie over one another stay as they are; others are drawn, and followed anew.

    Args:
        outline: rings in pixels.
        height: of the picture; 0 when it is not known.
        width: likewise.
    Raises:
        ValueError: they are larger than any picture that is read.
    """
    if len(outline) < 2 or (len(outline) <= _FEW and not _boxes_meet(outline)):
        return outline
    right, low = (max(0, math.ceil(n)) for n in np.concatenate(outline).max(axis=0).tolist())
    width, height = min(width or right, right), min(height or low, low)
    if height * width > MAX_PIXELS:
        raise ValueError(f"polygons of {width} x {height} pixels are too large")
    any_ring = np.zeros((height, width), dtype=np.bool_)
    twice = False
    for ring in outline:
        top, left, area = _area((ring,), height, width)
        part = any_ring[top : top + area.shape[0], left : left + area.shape[1]]
        twice = twice or bool((part & area).any())
        part |= area
    return outline_of(any_ring.astype(np.uint8)) if twice else outline


def _boxes_meet(outline: Outline) -> bool:
    low = np.array([ring.min(axis=0) for ring in outline])
    high = np.array([ring.max(axis=0) for ring in outline])
    meet = ((low[:, None] < high) & (low < high[:, None])).all(axis=2)
    return int(meet.sum()) > len(outline)


def _area(outline: Outline, height: int, width: int) -> tuple[int, int, NDArray[np.bool_]]:
    """The first row and column of an outline in a picture, and which pixels from there are inside."""
    if not outline:
        return 0, 0, np.zeros((0, 0), dtype=np.bool_)
    starts = np.concatenate(outline)
    ends = np.concatenate([np.roll(ring, -1, axis=0) for ring in outline])
    left, top = np.clip(np.floor(starts.min(axis=0)), 0, (width, height)).astype(np.int64).tolist()
    right, low = np.clip(np.ceil(starts.max(axis=0)), 0, (width, height)).astype(np.int64).tolist()
    # One column more takes what is crossed right of the picture.
    odd = np.zeros((low - top, right - left + 1), dtype=np.uint8)
    step = max(1, _AT_ONCE // max(1, low - top))
    for at in range(0, len(starts), step):
        _cross(odd, starts[at : at + step] - (left, top), ends[at : at + step] - (left, top))
    return top, left, np.bitwise_xor.accumulate(odd, axis=1)[:, :-1].astype(np.bool_)


def _cross(odd: NDArray[np.uint8], starts: NDArray[np.float64], ends: NDArray[np.float64]) -> None:
    """Mark in each row the first pixel whose center lies beyond an edge."""
    rows = np.ceil(np.stack([starts[:, 1], ends[:, 1]]) - 0.5)  # The first row whose center is not above.
    rows = np.clip(rows, 0, len(odd)).astype(np.int64)
    counts = np.abs(rows[1] - rows[0])
    edge = np.repeat(np.arange(len(counts)), counts)
    nth = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    row = rows.min(axis=0)[edge] + nth
    (x0, y0), (x1, y1) = starts[edge].T, ends[edge].T
    x = x0 + (row + 0.5 - y0) * (x1 - x0) / (y1 - y0)  # In this order it is exact where it can be.
    column = np.clip(np.ceil(x - 0.5), 0, odd.shape[1] - 1).astype(np.int64)
    np.bitwise_xor.at(odd, (row, column), 1)


def run_pixels(counts: Sequence[int], height: int, width: int) -> UInt8[NDArray[np.uint8], "h w"]:
    """The mask that run lengths mean: off, on, off ... column by column.

    Raises:
        ValueError: they do not add up to the pixels of the picture, one is negative, or the picture
            is larger than any that is read.
    Source:
        COCO API, maskApi.h: "RLE".
    """
    if height * width > MAX_PIXELS:
        raise ValueError(f"run lengths of {width} x {height} pixels are too large")
    if min(counts, default=0) < 0 or sum(counts) != height * width:
        raise ValueError(f"run lengths must add up to {height} x {width} pixels, none of them negative")
    on = (np.arange(len(counts)) % 2).astype(np.uint8)
    return np.repeat(on, counts).reshape(width, height).T


def run_lengths(text: str) -> list[int]:
    """The run lengths in COCO's compressed text: six bits a character, differences from the second on.

    Raises:
        ValueError: it is no such text.
    Source:
        COCO API, maskApi.c: rleFrString.
    """
    counts: list[int] = []
    at = 0
    while at < len(text):
        value, shift, more = 0, 0, True
        while more:
            if at >= len(text):
                raise ValueError("compressed run lengths are cut short")
            if shift > 60:
                raise ValueError("compressed run lengths hold a number that is too large")
            code = ord(text[at]) - 48
            if not 0 <= code < 64:
                raise ValueError(f"compressed run lengths cannot hold the character {text[at]!r}")
            value |= (code & 0x1F) << shift
            more = bool(code & 0x20)
            at, shift = at + 1, shift + 5
            if not more and code & 0x10:
                value |= -1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    return counts


def outline_of(mask: UInt8[NDArray[np.uint8], "h w"]) -> Outline:
    """Rings around the areas of a mask, and around their holes, along the edges of pixels.

    Each pixel is drawn as four, so that the rings enclose exactly its pixels again.
    """
    import cv2

    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return ()
    top, left = int(rows[0]), int(columns[0])
    part = mask[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1]
    large = part.repeat(2, axis=0).repeat(2, axis=1)
    found, _ = cv2.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return tuple((ring.reshape(-1, 2) + 0.5) / 2 + (left, top) for ring in found)


class ObjectMasks(Masks):
    """Masks drawn from the outlines of objects: 0 is background, class k is k + 1, crowds do not count.

    Larger objects are drawn first, so that what lies on them is seen.
    """

    def __init__(self, objects: Objects, pixels: Pixels) -> None:
        self._objects, self._pixels = objects, pixels

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w"]:
        """The mask of one picture, in the size its file has."""
        height, width = self._pixels.size(row)
        found, mask = self._objects.of(row), np.zeros((height, width), dtype=np.uint8)
        areas = [_area(outline, height, width) for outline in found.outlines or [()] * len(found)]
        for number in sorted(range(len(found)), key=lambda n: -int(areas[n][2].sum())):
            top, left, area = areas[number]
            part = mask[top : top + area.shape[0], left : left + area.shape[1]]
            part[area] = IGNORED if found.crowd[number] else found.labels[number] + 1
        return mask
