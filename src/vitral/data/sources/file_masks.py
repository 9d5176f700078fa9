"""`FileMasks`: masks in files beside the pictures, one number a pixel."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import ImageError
from vitral.data.decode import read_file, told
from vitral.data.one_line import one_line
from vitral.data.pixels import Masks, Pixels
from vitral.data.sources.mask_numbers import mask_numbers

IGNORED = 255


class FileMasks(Masks):
    """Masks in files.

    Args:
        folder: what the names are relative to.
        names: the mask of each picture.
        pixels: the pictures, whose size the masks must have.
        meaning: class number of each of the 256 values in the files.
        classes: how many classes there are.
        way_out: what a person can do about a number that is no class.
    """

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        pixels: Pixels,
        *,
        meaning: UInt8[NDArray[np.uint8], " 256"],
        classes: int,
        way_out: str = "",
    ) -> None:
        self._folder, self._names, self._pixels, self._meaning = folder, names, pixels, meaning
        self._classes, self._way_out = classes, way_out

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w"]:
        """The mask of one picture; see `Masks.read`."""
        name = self._names[row]
        numbers = told(name, lambda: mask_numbers(read_file(self._folder / name, name=name)))
        size = self._pixels.size(row)
        if numbers.shape != size:
            turned = "; it must lie as its picture does once that is upright"
            raise ImageError(
                f"{one_line(name)}: must have the size of its picture, {size[1]} x {size[0]}, "
                f"got {numbers.shape[1]} x {numbers.shape[0]}{turned if numbers.shape[::-1] == size else ''}"
            )
        mask = self._meaning[numbers]
        beyond = numbers[(mask >= self._classes) & (mask != IGNORED)]
        if beyond.size:
            raise ImageError(
                f"{one_line(name)}: must hold numbers of its {self._classes} classes, or 255, "
                f"got {beyond.max()}{self._way_out}"
            )
        return mask

    def path(self, row: int) -> Path:
        return self._folder / self._names[row]
