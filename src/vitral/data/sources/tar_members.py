"""Pictures and masks that are members of tar archives: the bytes at a place in a file."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import ImageError, Undecoded
from vitral.data.byte_file import ByteFile
from vitral.data.decode import decode, told
from vitral.data.one_line import one_line
from vitral.data.pixels import Masks, Pixels
from vitral.data.sources.mask_numbers import mask_numbers
from vitral.data.sources.tar_headers import TarMember
from vitral.data.undecoded import undecoded


class Members:
    """The bytes of one member for each row."""

    def __init__(
        self,
        places: Sequence[Path | str],
        files: Sequence[ByteFile],
        shard_of: Sequence[int],
        members: Sequence[TarMember | None],
        keys: Sequence[str],
    ) -> None:
        self.keys = keys
        self._files = files
        # A file on this machine is mapped; to touch bytes that are gone would end the process.
        self._paths = [place if isinstance(place, Path) else None for place in places]
        self._shard_of = np.array(shard_of, dtype=np.int32)
        # Two arrays instead of a million small objects, which every worker process would copy.
        self._offsets = np.array([-1 if m is None else m.offset for m in members], dtype=np.int64)
        self._sizes = np.array([0 if m is None else m.size for m in members], dtype=np.int64)

    def read(self, row: int) -> bytes | memoryview | None:
        """The bytes of a row; None: it has no such member."""
        offset, size = int(self._offsets[row]), int(self._sizes[row])
        if offset < 0:
            return None
        number = int(self._shard_of[row])
        path = self._paths[number]
        if path is not None and os.stat(path).st_size < offset + size:
            raise ValueError("is cut short, because its archive became shorter since it was opened")
        data = self._files[number].read(offset, size)
        if len(data) != size:
            raise ValueError("is cut short, because its archive ends in the middle of it")
        return data


class MemberPixels(Pixels):
    """Pictures that are members of archives."""

    def __init__(self, members: Members) -> None:
        self._members = members

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        return decode(self.encoded(row), name=self._members.keys[row])

    def undecoded(self, row: int) -> Undecoded:
        return undecoded(self.encoded(row), name=self._members.keys[row])

    def encoded(self, row: int) -> bytes | memoryview:
        return told(self._members.keys[row], lambda: self._members.read(row) or b"")


class MemberMasks(Masks):
    """Masks that are members of archives."""

    def __init__(self, members: Members) -> None:
        self._members = members

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w"]:
        key = self._members.keys[row]
        data = told(key, lambda: self._members.read(row))
        if data is None:
            raise ImageError(f"{one_line(key)}: has no mask beside it in its archive")
        return told(f"mask of {key}", lambda: mask_numbers(data))
