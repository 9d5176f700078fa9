"""The members of a tar archive, found by reading its headers alone."""

from collections.abc import Iterator
from dataclasses import dataclass

from vitral.core import DataError
from vitral.data.byte_file import ByteFile
from vitral.data.one_line import one_line

_BLOCK = 512
_LONGEST_NAME = 65_536
_FILES = b"07\0"  # "7" and NUL: what old and odd writers call an ordinary file.
_LINKS_AND_DEVICES = b"123456"  # Hard link, symbolic link, two kinds of device, folder, pipe: no data.
_MARKS = {
    b"\x1f\x8b": ("gzip", "gunzip"),
    b"BZh": ("bzip2", "bunzip2"),
    b"\xfd7zXZ\0": ("xz", "unxz"),
    b"\x28\xb5\x2f\xfd": ("zstd", "unzstd"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TarMember:
    """An ordinary file in an archive: its name, and where its bytes are."""

    name: str
    offset: int
    size: int


class TarReader:
    """Reads an archive from front to back, skipping what is not asked for.

    Source:
        POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; long names as GNU
        tar writes them (type L). Departures: sparse files are refused; a number of extended
        headers that has no meaning for pictures is passed over.
    """

    def __init__(self, file: ByteFile, *, ahead: int) -> None:
        self._file, self._ahead = file, ahead
        self._start, self._buffer = 0, memoryview(b"")
        self.name = one_line(file.name)
        self.size = file.size
        self.passed_over = 0

    def read(self, offset: int, length: int) -> bytes:
        """Some bytes, which may lie in what was read ahead.

        Raises:
            DataError: the archive ends before them.
        """
        if offset + length > self.size:
            raise self._cut(offset + length)
        begin = offset - self._start
        if begin < 0 or begin + length > len(self._buffer):
            ahead = min(max(length, self._ahead), self.size - offset)
            self._start, begin = offset, 0
            self._buffer = memoryview(self._file.read(offset, ahead))
            if len(self._buffer) < length:
                raise self._cut(offset + length)
        return bytes(self._buffer[begin : begin + length])

    def members(self) -> Iterator[TarMember]:
        """The ordinary files, in the order of the archive; links and devices are counted, not followed.

        Raises:
            DataError: the archive is compressed, damaged, cut short, or a name leads out of it.
        """
        position, extended = 0, {}
        start = self.read(0, min(8, self.size))
        for mark, (kind, command) in _MARKS.items():
            if start.startswith(mark):
                raise compressed(self.name, kind, command)
        while True:
            head = self.read(position, _BLOCK)
            if head.count(0) == _BLOCK:
                return
            kind, size = head[156:157], self._size_in(head, position)
            position += _BLOCK
            if kind in (b"L", b"K", b"x", b"g"):
                if kind in (b"L", b"x"):
                    extended |= self._extended(kind, position, size)
                position += size + -size % _BLOCK
                continue
            name, size = extended.get("path") or _name_in(head), int(extended.get("size", size))
            extended = {}
            if kind in _LINKS_AND_DEVICES:
                self.passed_over += kind != b"5"
                continue
            if kind == b"S":
                raise DataError(f"{self.name}: holds {one_line(name)!r} as a sparse file; pack it without")
            if position + size > self.size:
                raise self._cut(position + size)
            if kind in _FILES and not name.endswith("/"):
                yield TarMember(name=self._safe(name), offset=position, size=size)
            position += size + -size % _BLOCK

    def _size_in(self, head: bytes, position: int) -> int:
        """The size in a header whose checksum is right."""
        given = _octal(head[148:156])
        # Some old writers added the bytes as signed numbers; nobody has done so for decades.
        if given is None or given != sum(head) - sum(head[148:156]) + 8 * 32:
            what = "is no tar archive" if position == 0 else f"is damaged at byte {position:,}"
            raise DataError(f"{self.name}: {what}: the checksum of a header is wrong")
        field = head[124:136]
        # Sizes from 8 GiB are binary, marked by the highest bit.
        size = int.from_bytes(field[1:], "big") if field[0] == 0x80 else _octal(field)
        if size is None:
            raise DataError(f"{self.name}: is damaged at byte {position:,}: a size is no number")
        return size

    def _extended(self, kind: bytes, position: int, size: int) -> dict[str, str]:
        """What an extended header says of the name and the size of the next member."""
        if size > _LONGEST_NAME:
            raise DataError(f"{self.name}: is damaged at byte {position:,}: a name of {size:,} bytes")
        data = self.read(position, size)
        if kind == b"L":
            return {"path": _text(data.split(b"\0", 1)[0])}
        found, start = {}, 0
        while start < len(data):
            length, _, rest = data[start:].partition(b" ")
            if not length.isdigit() or len(length) > 6 or int(length) <= len(length) + 1:
                raise DataError(f"{self.name}: is damaged at byte {position:,}: no extended header")
            key, _, value = rest[: int(length) - len(length) - 2].partition(b"=")
            start += int(length)
            if key.startswith(b"GNU.sparse"):
                raise DataError(f"{self.name}: holds a sparse file; pack it without")
            if key == b"path":
                found["path"] = _text(value)
            elif key == b"size" and value.isdigit() and len(value) < 20:
                found["size"] = value.decode()
        return found

    def _safe(self, name: str) -> str:
        """The name without "./" before it; one that leads elsewhere is an attack, or a mistake."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if ".." in parts or name.startswith("/") or not parts or "\0" in name:
            raise DataError(f"{self.name}: holds {one_line(name)!r}, a name that leads out of the archive")
        return "/".join(parts)

    def _cut(self, needed: int) -> DataError:
        return DataError(
            f"{self.name}: is cut short: has {self.size:,} bytes where at least {needed:,} are needed"
        )


def compressed(name: str, kind: str, command: str) -> DataError:
    """The error for an archive that is compressed as a whole."""
    return DataError(
        f"{name}: is compressed with {kind}, so that no picture can be reached without those before it; "
        f"unpack it first with {command}"
    )


def _octal(field: bytes) -> int | None:
    digits = field.strip(b" \0")
    if not digits:
        return 0
    return int(digits, 8) if not digits.translate(None, b"01234567") else None


def _name_in(head: bytes) -> str:
    name = head[:100].split(b"\0", 1)[0]
    # GNU's own format, which spells the mark with spaces, keeps other things behind it.
    prefix = head[345:500].split(b"\0", 1)[0] if head[257:263] == b"ustar\0" else b""
    return _text(prefix + b"/" + name if prefix else name)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
