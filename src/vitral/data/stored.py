"""Pixels that a scan keeps in memory, shrinks on the way, or both."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8
from numpy.typing import NDArray

from vitral.data.objects import Objects
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import Masks, Pixels


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
    """The pictures of a set read anew every time, and shrunk just as a scan shrinks them."""

    def __init__(self, pictures: PictureSet, short_side: int | None) -> None:
        self._source, self._rows, self._short_side = pictures.source, pictures.rows, short_side

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        return shrunk(self._source.read(int(self._rows[row])), self._short_side)

    def path(self, row: int) -> Path | None:
        return self._source.path(int(self._rows[row]))


class ShrunkMasks(Masks):
    """The masks of a set, shrunk as its pictures are; classes are never averaged."""

    def __init__(self, pictures: PictureSet, short_side: int | None) -> None:
        assert pictures.masks is not None
        self._masks, self._rows, self._short_side = pictures.masks, pictures.rows, short_side

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w"]:
        """The mask of one picture, by its nearest pixels; see `Masks.read`."""
        mask = self._masks.read(int(self._rows[row]))
        height, width = shrunk_size(mask.shape[0], mask.shape[1], self._short_side)
        if (height, width) == mask.shape:
            return mask
        import cv2

        small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        return np.asarray(small, dtype=np.uint8)

    def path(self, row: int) -> Path | None:
        return self._masks.path(int(self._rows[row]))


def shrunk_objects(
    pictures: PictureSet, sizes: Int[NDArray[np.int64], "b hw=2"], short_side: int | None
) -> Objects:
    """The objects of each picture of a set, one after another, in the size that it has when shrunk.

    Args:
        pictures: the set.
        sizes: height and width of each picture before.
        short_side: its shorter side afterwards at most, in pixels; None: as before.
    """
    assert pictures.objects is not None
    parts = [pictures.objects.of(row) for row in pictures.rows.tolist()]
    counts = [len(part) for part in parts]
    new = np.array([shrunk_size(h, w, short_side) for h, w in sizes.tolist()]).reshape(-1, 2)
    y, x = np.repeat(new / sizes, counts, axis=0).T
    whole = pictures.objects
    points = None
    if whole.points is not None:
        found = [part.points for part in parts if part.points is not None]
        points = np.concatenate(found) * np.stack([x, y, np.ones_like(x)], axis=1)[:, None]
    outlines = None
    if whole.outlines is not None:
        rings = [outline for part in parts for outline in part.outlines or ()]
        outlines = [
            tuple(ring * (x[number], y[number]) for ring in outline) for number, outline in enumerate(rings)
        ]
    return Objects(
        starts=np.cumsum([0, *counts]),
        boxes=np.concatenate([part.boxes for part in parts]) * np.stack([x, y, x, y], axis=1),
        labels=np.concatenate([part.labels for part in parts]),
        crowd=np.concatenate([part.crowd for part in parts]),
        points=points,
        outlines=outlines,
    )


def shrunk_size(height: int, width: int, short_side: int | None) -> tuple[int, int]:
    """Height and width of a picture whose shorter side is at most `short_side` px."""
    if short_side is None or min(height, width) <= short_side:
        return height, width
    scale = short_side / min(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def shrunk(
    picture: UInt8[NDArray[np.uint8], "h w c=3"], short_side: int | None
) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    """A picture whose shorter side is at most `short_side` px, its proportions kept.

    Pixels are averaged over the area they cover, so nothing aliases; a picture that is small
    enough comes back as it is.
    """
    height, width = shrunk_size(picture.shape[0], picture.shape[1], short_side)
    if (height, width) == picture.shape[:2]:
        return picture
    import cv2

    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
