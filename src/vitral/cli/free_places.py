"""Refuse to write over what is there, before any work is done."""

import os
from collections.abc import Sequence
from pathlib import Path

from vitral.core import DataError
from vitral.data import one_line


def check_out_folder(out: Path) -> None:
    """See that files can be put into a folder of this name.

    Raises:
        DataError: it is a file.
    """
    if is_there(out) and not os.path.isdir(out):
        raise DataError(f"--out {one_line(out)}: must be a folder, got a file")


def check_out_file(out: Path, *, overwrite: bool) -> None:
    """See that a file of this name can be written.

    Raises:
        DataError: it is a folder, or is there and must not be replaced.
    """
    if os.path.isdir(out):
        raise DataError(f"--out {one_line(out)}: must be a file, got a folder")
    check_free([out], overwrite=overwrite)


def check_free(files: Sequence[Path], *, overwrite: bool) -> None:
    """See that none of the files to write is there, unless they may be replaced.

    Raises:
        DataError: one is there.
    """
    there = [] if overwrite else [file for file in files if is_there(file)]
    if there:
        more = f" and {len(there) - 1:,} more files are" if len(there) > 1 else " is"
        it = "them" if len(there) > 1 else "it"
        raise DataError(f"{one_line(there[0])}{more} there already; --overwrite replaces {it}")


def is_there(path: Path) -> bool:
    """Whether something has this name, be it a link that leads nowhere; what cannot be asked is not there."""
    return os.path.lexists(path)
