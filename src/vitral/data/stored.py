"""Pixels that a scan keeps in memory, shrinks on the way, or both."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.data.picture_set import PictureSet
from vitral.data.pixels import Pixels


class StoredPixels(Pixels):
    """Pictures in memory, in the order of a set, which still knows their files."""

    def __init__(self, stored: NDArray[np.uint8] | Sequence[NDArray[np.uint8]], pictures: PictureSet) -> None:
        self._stored = stored
        self._source, self._rows = pictures.source, pictures.rows

    @property
    def array(self) -> UInt8[NDArray[np.uint8], "b h w c=3"] | None:
        return self._stored if isinstance(self._stored, np.ndarray) else None

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        return self._stored[row]

    def path(self, row: int) -> Path | None:
        return self._source.path(int(self._rows[row]))


class ShrunkPixels(Pixels):
    """Pictures read anew every time, and shrunk just as a scan shrinks them."""

    def __init__(self, source: Pixels, short_side: int) -> None:
        self._source, self._short_side = source, short_side

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        return shrunk(self._source.read(row), self._short_side)

    def path(self, row: int) -> Path | None:
        return self._source.path(row)


def shrunk(
    picture: UInt8[NDArray[np.uint8], "h w c=3"], short_side: int | None
) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    """A picture whose shorter side is at most `short_side` px, its proportions kept.

    Pixels are averaged over the area they cover, so nothing aliases; a picture that is small
    enough comes back as it is.
    """
    h, w = picture.shape[:2]
    if short_side is None or min(h, w) <= short_side:
        return picture
    import cv2

    scale = short_side / min(h, w)
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
