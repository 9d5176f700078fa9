"""Write a file so that a reader sees the old bytes or the new bytes, never a part."""

import errno
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from vitral.core.errors import VitralError

# The umask can only be read by setting it, which is not safe once threads run: read it at import.
_UMASK = os.umask(0o022)
os.umask(_UMASK)


def atomic_write(path: str | Path, content: bytes | str | Callable[[BinaryIO], None]) -> None:
    """Replace the file at `path` in one step, durably.

    A temporary file in the same folder is written, fsync-ed and renamed; then the folder is
    fsync-ed, so that the name survives a power cut too. When anything fails the temporary
    file is removed and the old file is as it was.

    Args:
        path: the file to create or replace; its folder is created when missing.
        content: the bytes, a text (written as UTF-8), or a function that writes to an open file.
    Raises:
        VitralError: the disk is full, or the place cannot be written.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_and_rename(path, content)
    except OSError as error:
        raise VitralError(f"{path}: {_reason(error)}; the file was left as it was before") from error


def put_in_place(ready: str | Path, path: str | Path) -> None:
    """Give a finished file or folder the name it is meant to have, in one step, durably.

    Args:
        ready: written and fsync-ed, on the same disk.
        path: its name; a file there is replaced, a folder only when it is empty.
    Raises:
        VitralError: the place cannot be written.
    """
    try:
        os.replace(ready, path)
        _sync_folder(Path(path).parent)
    except OSError as error:
        raise VitralError(f"{path}: {_reason(error)}") from error


def _write_and_rename(path: Path, content: bytes | str | Callable[[BinaryIO], None]) -> None:
    # A name of 255 bytes, the longest allowed, must leave room for the rest.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content.encode(errors="backslashreplace") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, _permissions(path))
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _permissions(path: Path) -> int:
    """Those of the file that is replaced; for a new one the usual ones (mkstemp makes it private)."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return 0o666 & ~_UMASK


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "could not be written because the disk is full"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "could not be written because permission was denied"
    return f"could not be written ({error.strerror or error})"


def _sync_folder(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):  # Windows cannot open a folder; its rename is durable by itself.
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot sync a folder; the file itself is complete.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)
