"""`Pixels` and `Masks`: where the pixels of a set come from, picture by picture."""

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import Undecoded
from vitral.data.decode import decode, read_file
from vitral.data.undecoded import Decoded, undecoded


class Pixels(ABC):
    """Where pixels come from; rows are counted as when the set was opened.

    A source of pixels may be read from several threads at once.
    """

    @property
    def array(self) -> UInt8[NDArray[np.uint8], "b h w c=3"] | None:
        """All pictures as one array, when they are in memory and of one size."""
        return None

    @abstractmethod
    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        """One picture.

        Raises:
            ImageError: it cannot be decoded.
        """

    def undecoded(self, row: int) -> Undecoded:
        """One picture with its size, of which parts can be decoded.

        Raises:
            ImageError: its size cannot be told; what is broken farther in shows when it is decoded.
        """
        return Decoded(self.read(row))

    def size(self, row: int) -> tuple[int, int]:
        """Height and width of one picture, upright.

        Raises:
            ImageError: they cannot be told.
        """
        height, width, _ = self.undecoded(row).shape
        return height, width

    def encoded(self, row: int) -> bytes | memoryview | None:
        """The bytes of one picture as it was stored, a JPEG or PNG file for example; None: there are none.

        Raises:
            ImageError: the file cannot be read.
        """
        return None

    def path(self, row: int) -> Path | None:
        """The file of one picture, when it has one of its own."""
        return None


class FilePixels(Pixels):
    """Pictures in files: one name each, relative to a folder."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder, self._names = folder, names
        self._start = os.path.join(folder, "")

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        return decode(self._start + self._names[row], name=self._names[row])

    def undecoded(self, row: int) -> Undecoded:
        return undecoded(self.encoded(row), name=self._names[row])

    def encoded(self, row: int) -> bytes:
        return read_file(self._start + self._names[row], name=self._names[row])

    def path(self, row: int) -> Path:
        return self._folder / self._names[row]


class ArrayPixels(Pixels):
    """Pictures of one size in memory: one uint8 array b x h x w x 3."""

    def __init__(self, array: UInt8[NDArray[np.uint8], "b h w c=3"]) -> None:
        self._array = array

    @property
    def array(self) -> UInt8[NDArray[np.uint8], "b h w c=3"]:
        return self._array

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        return self._array[row]


class Masks(ABC):
    """Where masks come from: the class number of each pixel, 255 where none counts."""

    @abstractmethod
    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w"]:
        """The mask of one picture, upright like its pixels.

        Raises:
            ImageError: it cannot be decoded, or holds a number that is no class.
        """

    def path(self, row: int) -> Path | None:
        """The file of one mask, when it has one of its own."""
        return None
