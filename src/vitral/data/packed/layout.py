"""Where in an Arrow file the bytes of its first columns lie, so that one row can be read alone."""

import struct
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.core import DataError, FileFormatError
from vitral.data.byte_file import ByteFile
from vitral.data.one_line import one_line

MAGIC = b"ARROW1"
_CONTINUED = 0xFFFFFFFF
_RECORD_BATCH = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Extents:
    """Where the values of a column of bytes lie in a file.

    Args:
        starts: offset of each value in the file.
        lengths: bytes of each value.
    """

    starts: Int[NDArray[np.int64], " rows"]
    lengths: Int[NDArray[np.int64], " rows"]


def byte_columns(file: ByteFile, columns: int) -> list[Extents]:
    """The places of the first columns of an Arrow file, all of them `large_binary`.

    The messages of the file are walked from its start; only their heads and the offsets of the
    columns are read.

    Raises:
        FileFormatError: the file is damaged or no Arrow file.
    Source:
        Arrow columnar format 1.5, "IPC file format" and "Encapsulated message format".
    """
    where = one_line(file.name)
    if file.size < 16 or bytes(file.read(0, 6)) != MAGIC:
        raise FileFormatError(f"{where}: is no Arrow file")
    found: list[list[Extents]] = [[] for _ in range(columns)]
    at = 8
    try:
        while True:
            mark, length = struct.unpack("<Ii", _read(file, at, 8))
            if mark != _CONTINUED or length == 0:
                break
            message = _Message(bytes(_read(file, at + 8, length)))
            body = at + 8 + length
            if message.kind == _RECORD_BATCH:
                for column in range(columns):
                    found[column].append(_extents(file, message, body, column))
            at = body + message.body_bytes
    except DataError:  # It could not be read.
        raise
    except (struct.error, ValueError, IndexError, OverflowError) as error:
        raise FileFormatError(f"{where}: is damaged at byte {at:,} ({one_line(error)})") from error
    return [_together(parts) for parts in found]


def _read(file: ByteFile, offset: int, length: int) -> bytes | memoryview:
    if length < 0 or offset + length > file.size:
        raise ValueError("it ends too early")
    return file.read(offset, length)


class _Message:
    """The head of an encapsulated message: a flatbuffer, of which four things are read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        (table,) = struct.unpack_from("<I", data, 0)
        self.kind = self._scalar(table, 1, "<B")
        self.body_bytes = self._scalar(table, 3, "<q")
        if self.body_bytes < 0:
            raise ValueError("a message has a negative length")
        self.rows, self._buffers = 0, 0
        if self.kind == _RECORD_BATCH:
            batch = self._reference(table, 2)
            self.rows = self._scalar(batch, 0, "<q")
            self._buffers = self._reference(batch, 2)
            if self._place(batch, 3):
                raise ValueError("its pictures are compressed as columns, which packed sets are not")

    def buffer(self, number: int) -> tuple[int, int]:
        """Offset in the body and length of a buffer, in bytes."""
        (count,) = struct.unpack_from("<I", self._data, self._buffers)
        if not 0 <= number < count:
            raise ValueError("a buffer is missing")
        offset, length = struct.unpack_from("<qq", self._data, self._buffers + 4 + 16 * number)
        if offset < 0 or length < 0 or offset + length > self.body_bytes:
            raise ValueError("a buffer lies outside its message")
        return offset, length

    def _place(self, table: int, field: int) -> int:
        (back,) = struct.unpack_from("<i", self._data, table)
        vtable = table - back
        (size,) = struct.unpack_from("<H", self._data, vtable)
        slot = 4 + 2 * field
        if slot >= size:
            return 0
        (offset,) = struct.unpack_from("<H", self._data, vtable + slot)
        return table + offset if offset else 0

    def _scalar(self, table: int, field: int, kind: str) -> int:
        place = self._place(table, field)
        return struct.unpack_from(kind, self._data, place)[0] if place else 0

    def _reference(self, table: int, field: int) -> int:
        place = self._place(table, field)
        if not place:
            raise ValueError("a part of a message is missing")
        return place + struct.unpack_from("<I", self._data, place)[0]


def _extents(file: ByteFile, message: _Message, body: int, column: int) -> Extents:
    if message.rows == 0:
        return Extents(starts=np.zeros(0, np.int64), lengths=np.zeros(0, np.int64))
    at, length = message.buffer(3 * column + 1)
    if message.rows < 0 or length < 8 * (message.rows + 1):
        raise ValueError("a column has too few offsets")
    offsets = np.frombuffer(_read(file, body + at, 8 * (message.rows + 1)), dtype="<i8")
    values, size = message.buffer(3 * column + 2)
    outside = offsets.min() < 0 or offsets.max() > size or body + values + size > file.size
    if outside or (np.diff(offsets) < 0).any():
        raise ValueError("the offsets of a column are wrong")
    return Extents(starts=body + values + offsets[:-1], lengths=np.diff(offsets))


def _together(parts: list[Extents]) -> Extents:
    if not parts:
        return Extents(starts=np.zeros(0, np.int64), lengths=np.zeros(0, np.int64))
    return Extents(
        starts=np.concatenate([part.starts for part in parts]),
        lengths=np.concatenate([part.lengths for part in parts]),
    )
