"""From outlines to class numbers of pixels, and from COCO's run lengths to outlines."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.data.objects import Objects, Outline
from vitral.data.pixels import Masks, Pixels

IGNORED = 255
_SHIFT = 4  # OpenCV takes corners in sixteenths of a pixel.


def filled(outline: Outline, height: int, width: int) -> NDArray[np.bool_]:
    """The pixels inside an outline: those that an odd number of its rings enclose."""
    import cv2

    canvas = np.zeros((height, width), dtype=np.uint8)
    # Pixel i covers [i, i + 1), its center is i + 0.5: OpenCV counts from centers.
    rings = [np.rint((ring - 0.5) * 2**_SHIFT).astype(np.int32) for ring in outline if len(ring) >= 3]
    if rings:
        cv2.fillPoly(canvas, rings, color=[1], shift=_SHIFT)
    return canvas.astype(np.bool_)


def run_pixels(counts: Sequence[int], height: int, width: int) -> UInt8[NDArray[np.uint8], "h w"]:
    """The mask that run lengths mean: off, on, off ... column by column.

    Raises:
        ValueError: they do not add up to the pixels of the picture, or one is negative.
    Source:
        COCO API, maskApi.h: "RLE".
    """
    lengths = np.array(counts, dtype=np.int64)
    if (lengths < 0).any() or int(lengths.sum()) != height * width:
        raise ValueError(f"run lengths must add up to {height} x {width} pixels")
    on = np.arange(len(lengths)) % 2
    return np.repeat(on, lengths).astype(np.uint8).reshape(width, height).T


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
            if at >= len(text) or shift > 60:
                raise ValueError("compressed run lengths are cut short")
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

    large = np.kron(mask, np.ones((2, 2), dtype=np.uint8))
    found, _ = cv2.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return tuple((ring.reshape(-1, 2) + 0.5) / 2 for ring in found if len(ring) >= 3)


class ObjectMasks(Masks):
    """Masks drawn from the outlines of objects: 0 is background, class k is k + 1, crowds do not count.

    Larger objects are drawn first, so that what lies on them is seen.
    """

    def __init__(self, objects: Objects, pixels: Pixels) -> None:
        self._objects, self._pixels = objects, pixels

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w"]:
        height, width = self._pixels.size(row)
        found, mask = self._objects.of(row), np.zeros((height, width), dtype=np.uint8)
        outlines = found.outlines or [()] * len(found)
        areas = [filled(outline, height, width) for outline in outlines]
        for number in sorted(range(len(found)), key=lambda n: -int(areas[n].sum())):
            mask[areas[number]] = IGNORED if found.crowd[number] else found.labels[number] + 1
        return mask
