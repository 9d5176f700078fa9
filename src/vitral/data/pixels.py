"""`Pixels` and `Masks`: where the pixels of a set come from, picture by picture."""

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import Undecoded
from vitral.core.undecoded import Box
from vitral.data.decode import decode, read_file, read_stamped
from vitral.data.undecoded import Decoded, undecoded, upright_size_of_file


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
        # Upright height and width, once they are known; 0: not yet.
        self._sizes = np.zeros((len(names), 2), dtype=np.int32)
        # Stamps of files that were decoded as a whole without an error; 0: not yet.
        self._sound = np.zeros(len(names), dtype=np.int64)

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        data, stamp = read_stamped(self._start + self._names[row], name=self._names[row])
        pixels = decode(data, name=self._names[row])
        self._sizes[row], self._sound[row] = pixels.shape[:2], stamp
        return pixels

    def undecoded(self, row: int) -> Undecoded:
        """One picture whose file is read when its pixels are asked for; see `Pixels.undecoded`."""
        return _FilePicture(self, row, self.size(row))

    def size(self, row: int) -> tuple[int, int]:
        """Height and width of one picture, from the head of its file; see `Pixels.size`."""
        if self._sizes[row, 0] == 0:
            name = self._names[row]
            self._sizes[row] = upright_size_of_file(self._start + name, name=name)
        height, width = self._sizes[row].tolist()
        return height, width

    def whole(self, row: int) -> Undecoded:
        """One picture with its file in memory; once decoded as a whole, it is known to be sound."""
        name = self._names[row]
        data, stamp = read_stamped(self._start + name, name=name)
        if self._sound[row] == stamp:
            return undecoded(data, name=name, sound=True)

        def found_sound() -> None:
            self._sound[row] = stamp

        return undecoded(data, name=name, found_sound=found_sound)

    def encoded(self, row: int) -> bytes:
        return read_file(self._start + self._names[row], name=self._names[row])

    def path(self, row: int) -> Path:
        return self._folder / self._names[row]


class _FilePicture:
    """A picture whose file is read only now: a batch of them costs no memory before, and while its
    bytes are decoded they lie in the processor's cache."""

    def __init__(self, pixels: FilePixels, row: int, size: tuple[int, int]) -> None:
        self._pixels, self._row = pixels, row
        self.shape = (*size, 3)

    def region(self, box: Box, *, height: int, width: int) -> tuple[UInt8[NDArray[np.uint8], "h w c=3"], Box]:
        """See `core.Undecoded`; of a file that was changed since, the same part of what it holds now.

        Raises:
            ImageError: the file cannot be read or decoded.
        """
        picture = self._pixels.whole(self._row)
        if picture.shape != self.shape:
            x, y = picture.shape[1] / self.shape[1], picture.shape[0] / self.shape[0]
            box = (box[0] * x, box[1] * y, box[2] * x, box[3] * y)
        return picture.region(box, height=height, width=width)


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
