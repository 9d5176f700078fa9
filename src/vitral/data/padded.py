"""`Padded`: pictures of several sizes as one array, with a border."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.core import Batch, OptionError

_NOT_COUNTED = 255


@dataclass(frozen=True, kw_only=True)
class Padded:
    """A transform that gives the pictures of a batch one size; what is right and below is black.

    Masks grow with their pictures, and count nowhere in the border; boxes and points stay where
    they are, since pictures keep their top left corner. `Loader(alike=True)` keeps borders thin.

    Args:
        multiple_px: height and width become multiples of this, as a network may want it.
    Raises:
        OptionError: `multiple_px` is less than 1.
    """

    multiple_px: int = 32

    def __post_init__(self) -> None:
        if self.multiple_px < 1:
            raise OptionError(f"Padded.multiple_px: must be at least 1, got {self.multiple_px}")

    def __call__(self, batch: Batch) -> Batch:
        """Replace `pixels`, and `masks` where there are some, by arrays of one size."""
        pictures: list[NDArray[np.uint8]] = [np.asarray(picture) for picture in batch.pixels]
        if not pictures:
            return batch
        height, width = (self._up(max(picture.shape[axis] for picture in pictures)) for axis in (0, 1))
        batch.pixels = _bordered(pictures, (height, width, 3), 0)
        if batch.masks is not None:
            batch.masks = list(_bordered(batch.masks, (height, width), _NOT_COUNTED))
        return batch

    def _up(self, size: int) -> int:
        return -(-size // self.multiple_px) * self.multiple_px


def _bordered(arrays: Sequence[NDArray[np.uint8]], shape: tuple[int, ...], border: int) -> NDArray[np.uint8]:
    together = np.full((len(arrays), *shape), border, dtype=np.uint8)
    for place, array in zip(together, arrays, strict=True):
        place[: array.shape[0], : array.shape[1]] = array
    return together
