"""The hidden folder in which a packing keeps what is finished, for one process at a time."""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vitral.core import DataError, VitralError
from vitral.data.one_line import one_line

_MOST_TRIES = 100


def work_folder(out: Path) -> Path:
    """Where a packing to this place keeps its parts."""
    return out.parent / f".{out.name}.packing"


@contextmanager
def held(out: Path) -> Iterator[Path]:
    """Create the work folder and hold it against every other process while the block runs.

    The lock is that of the system on the folder itself, so it ends with the process, however that
    ends. On Windows, and on network disks without locks, it holds nobody off.

    Raises:
        DataError: another process holds it.
        VitralError: it cannot be created.
    """
    work = work_folder(out)
    if sys.platform == "win32":
        _create(work, out)
        yield work
        return
    handle = _locked(work, out)
    try:
        yield work
    finally:
        os.close(handle)


def remove_left_over(out: Path) -> None:
    """Remove the work folder of a packing that was killed when all but this was done."""
    if work_folder(out).is_dir():
        # Another process that is at work, replacing what is there, needs it still.
        with contextlib.suppress(VitralError), held(out) as work:
            shutil.rmtree(work, ignore_errors=True)


def _locked(work: Path, out: Path) -> int:
    import fcntl

    for _ in range(_MOST_TRIES):
        _create(work, out)
        try:
            handle = os.open(work, os.O_RDONLY)
        except FileNotFoundError:  # Whoever held it removed it just now.
            continue
        except OSError as error:
            raise VitralError(f"{one_line(out)}: cannot be written ({error.strerror})") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise DataError(
                f"{one_line(out)}: is being packed by another process; wait for it, or end it and try again"
            ) from None
        except OSError:  # A disk without locks.
            return handle
        # It may have been removed between these two lines too; then this lock is on nothing.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(work)):
                return handle
        os.close(handle)
    raise VitralError(
        f"{one_line(out)}: cannot be written, because its folder {one_line(work)} does not stay"
    )


def _create(work: Path, out: Path) -> None:
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VitralError(f"{one_line(out)}: cannot be written ({error.strerror})") from error
