"""`ByteFile`: any part of a file's bytes, wherever the file is: on disk or in an object store."""

import io
import mmap
import os
import stat
import threading
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from vitral.core import DataError, require
from vitral.data.one_line import one_line
from vitral.data.os_reason import os_reason

# Without waiting: a name may lead to a pipe that nobody ever writes to.
_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class ByteFile(ABC):
    """A file of which any part can be read, by several threads at once.

    Attributes:
        name: the place it was opened from.
        size: bytes in all.
        fingerprint: changes when the file changes.
    """

    name: str
    size: int
    fingerprint: str

    @abstractmethod
    def read(self, offset: int, length: int) -> bytes | memoryview:
        """Some bytes; of a file on disk a view, which must not outlive the file's use.

        Raises:
            DataError: they lie beyond the end, or cannot be read.
        """

    def open(self) -> BinaryIO:
        """A fresh file object for libraries that want one; it must be closed."""
        return io.BufferedReader(_Window(self))

    def _check(self, offset: int, length: int) -> None:
        if offset < 0 or length < 0 or offset + length > self.size:
            raise DataError(
                f"{one_line(self.name)}: has {self.size:,} bytes, "
                f"got a request for {length:,} from {offset:,} on"
            )


class MappedFile(ByteFile):
    """A file on disk, mapped into memory: nothing is copied, and the system keeps what is used often."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = os.fspath(path)
        self._open()

    def read(self, offset: int, length: int) -> memoryview:
        """A view of some bytes; see `ByteFile.read`."""
        self._check(offset, length)
        return self._view[offset : offset + length]

    def still_whole(self) -> bool:
        """Whether the file has all its bytes still: reading a map beyond the end kills the process."""
        # Of the file that was opened: another one may have taken its name since, which does no harm.
        return self._map is None or self._map.size() >= self.size

    @property
    def whole(self) -> memoryview:
        """All bytes."""
        return self._view

    def _open(self) -> None:
        try:
            handle = os.open(self._path, _OPEN)
            try:
                self._map_handle(handle)
            finally:
                os.close(handle)
        except (OSError, ValueError) as error:
            reason = os_reason(error) if isinstance(error, OSError) else str(error)
            raise DataError(f"{one_line(self.name)}: {one_line(reason)}") from error

    def _map_handle(self, handle: int) -> None:
        known = os.fstat(handle)
        if not stat.S_ISREG(known.st_mode):
            raise ValueError("is a folder" if stat.S_ISDIR(known.st_mode) else "is not an ordinary file")
        self.size = known.st_size
        self.fingerprint = f"{known.st_size}-{known.st_mtime_ns}"
        # Nothing cannot be mapped.
        self._map = mmap.mmap(handle, self.size, access=mmap.ACCESS_READ) if self.size else None
        self._view = memoryview(self._map or b"")

    # For worker processes that start from nothing: a map cannot travel, its path can.
    def __getstate__(self) -> dict[str, Any]:
        return {"path": self._path, "fingerprint": self.fingerprint}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._path = state["path"]
        self.name = os.fspath(self._path)
        self._open()
        _check_same(self, state["fingerprint"])


class RemoteFile(ByteFile):
    """A file of a filesystem of `pyarrow.fs` or `fsspec`: each part is asked for when it is needed."""

    def __init__(self, filesystem: Any, path: str, name: str) -> None:
        self._filesystem, self._path, self.name = filesystem, path, name
        self._arrow = hasattr(filesystem, "open_input_file")
        self._local = threading.local()
        try:
            self.size, stamp = self._known()
        except Exception as error:  # Those of an object store are of any kind.
            raise DataError(f"{one_line(name)}: cannot be opened ({one_line(error)})") from error
        self.fingerprint = f"{self.size}-{stamp}"

    def read(self, offset: int, length: int) -> bytes:
        """Some bytes, asked for over the network; see `ByteFile.read`."""
        self._check(offset, length)
        try:
            file = self._file()
            file.seek(offset)
            data = bytes(file.read(length))
        except Exception as error:  # Those of an object store are of any kind.
            raise DataError(f"{one_line(self.name)}: cannot be read ({one_line(error)})") from error
        if len(data) != length:
            raise DataError(f"{one_line(self.name)}: ends {length - len(data):,} bytes too early")
        return data

    def _known(self) -> tuple[int, str]:
        if self._arrow:
            info = self._filesystem.get_file_info(self._path)
            if not info.is_file:
                raise ValueError("there is no such file")
            return int(info.size), str(info.mtime_ns)
        info = self._filesystem.info(self._path)
        if info.get("type") == "directory":
            raise ValueError("is a folder")
        stamp = next(
            (info[key] for key in ("ETag", "etag", "mtime", "LastModified", "created") if key in info), ""
        )
        return int(info["size"]), str(stamp)

    def _file(self) -> Any:
        # One each thread: a position cannot be shared.
        if not hasattr(self._local, "file"):
            opened = self._filesystem.open_input_file if self._arrow else self._filesystem.open
            self._local.file = opened(self._path)
        return self._local.file

    def __getstate__(self) -> dict[str, Any]:
        return {
            "filesystem": self._filesystem,
            "path": self._path,
            "name": self.name,
            "fingerprint": self.fingerprint,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["filesystem"], state["path"], state["name"])
        _check_same(self, state["fingerprint"])


def _check_same(file: ByteFile, fingerprint: str) -> None:
    """What is known of a file, which rows were found sound for example, is not true of another."""
    if file.fingerprint != fingerprint:
        raise DataError(f"{one_line(file.name)}: has changed since it was opened")


class _Window(io.RawIOBase):
    """A `ByteFile` as a seekable stream."""

    def __init__(self, file: ByteFile) -> None:
        self._file, self._at = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        length = min(len(buffer), self._file.size - self._at)
        if length <= 0:  # A stream may stand beyond its end.
            return 0
        buffer[:length] = self._file.read(self._at, length)
        self._at += length
        return length


def is_url(place: object) -> bool:
    """Tell whether a place is an address such as `s3://bucket/photos.arrow`."""
    return isinstance(place, str) and "://" in place


def byte_file(place: str | Path, filesystem: Any = None) -> ByteFile:
    """Open a file by its path, its address, or its path in a filesystem object.

    Args:
        place: a path, or an address; `file://`, `s3://`, `gs://`, `hdfs://` are known to pyarrow,
            all others to `fsspec`.
        filesystem: an object of `pyarrow.fs` or `fsspec` in which `place` is a path.
    Raises:
        DataError: the file cannot be opened.
        MissingExtra: the address needs a package that is not installed.
    """
    if filesystem is not None:
        return RemoteFile(filesystem, str(place), str(place))
    if not is_url(place):
        return MappedFile(Path(place))
    filesystem, path = _filesystem_of(str(place))
    return RemoteFile(filesystem, path, str(place))


def list_files(place: str | Path, suffix: str, filesystem: Any = None) -> list[str]:
    """The files with an ending that lie directly in a folder, local or not, sorted; as places again.

    Raises:
        DataError: the folder cannot be read.
    """
    if filesystem is None and not is_url(place):
        try:
            names = sorted(entry.name for entry in os.scandir(place) if entry.name.endswith(suffix))
        except OSError as error:
            raise DataError(f"{one_line(place)}: {os_reason(error)}") from error
        return [os.path.join(place, name) for name in names if not name.startswith(".")]
    start, path, spelled = "", str(place), str
    if filesystem is None:
        address = str(place).rstrip("/")
        filesystem, path = _filesystem_of(address)
        # Some addresses have %20 for a space; those of the files are then written in the same way.
        spelled = str if address.endswith(path) else quote
        if not address.endswith(spelled(path)):
            raise DataError(f"{one_line(place)}: must end in the path of a folder, {one_line(path)}")
        start = address[: len(address) - len(spelled(path))]
    try:
        if hasattr(filesystem, "open_input_file"):
            from pyarrow.fs import FileSelector

            found = [info.path for info in filesystem.get_file_info(FileSelector(path)) if info.is_file]
        else:
            found = [str(name) for name in filesystem.ls(path, detail=False)]
    except Exception as error:  # Those of an object store are of any kind.
        raise DataError(f"{one_line(place)}: cannot be listed ({one_line(error)})") from error
    shown = [name for name in found if not name.rpartition("/")[2].startswith(".")]
    return sorted(start + spelled(name) for name in shown if name.endswith(suffix))


def _filesystem_of(url: str) -> tuple[Any, str]:
    from pyarrow import ArrowInvalid
    from pyarrow.fs import FileSystem

    try:
        return FileSystem.from_uri(url)
    except (ArrowInvalid, NotImplementedError):
        fsspec = require("fsspec", extra="cloud", what=f"Reading {url.partition('://')[0]}:// addresses")
    except OSError as error:
        raise DataError(f"{one_line(url)}: cannot be reached ({one_line(error)})") from error
    try:
        return fsspec.core.url_to_fs(url)
    except (ImportError, ValueError, OSError) as error:
        raise DataError(f"{one_line(url)}: cannot be reached ({one_line(error)})") from error
