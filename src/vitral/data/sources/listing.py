"""All pictures below a folder, by name alone: nothing is opened and hardly anything stat-ed."""

import os
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

from vitral.core import DataError
from vitral.data.one_line import one_line
from vitral.data.os_reason import os_reason

SUFFIXES = frozenset(
    (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "gif", "bmp", "dib", "tif", "tiff"),
        *("pbm", "pgm", "ppm", "pnm", "avif", "avifs", "jp2", "j2k", "jpx"),
    )
)
"""How the name of a picture ends, in lower case."""

_NOT_READ = frozenset(
    ("heic", "heif", "jxl", "svg", "psd", "raw", "dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "tga")
)
_JUNK = frozenset(("__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "lost+found"))


@dataclass(kw_only=True)
class Listing:
    """What lies below a folder.

    Args:
        keys: relative paths of the pictures with "/" separators, sorted.
        folders: relative paths of the folders, the top one not among them.
        others: number of files that are no pictures, by the ending of their name.
        notes: sentences for a person about what was passed over.
    """

    keys: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def list_pictures(root: Path) -> Listing:
    """List the pictures below a folder, following links but never in a circle.

    Hidden files and what systems leave behind (`__MACOSX`, `Thumbs.db`) are passed over.

    Raises:
        DataError: there is no such folder, it or a folder in it cannot be read, or it holds no pictures.
    """
    listing = Listing()
    real_root = os.path.realpath(root)
    tops = _list_folder(listing, root, "", real_root)
    for top in sorted(tops):
        # Per top folder: train/ and val/ may be links to one place, but nothing is listed twice in one.
        seen, waiting = {real_root}, deque([top])
        while waiting:
            name, real, _ = waiting.pop()
            if real in seen:
                listing.notes.append(
                    f"{one_line(name)} links to a folder already listed and was not followed"
                )
                continue
            seen.add(real)
            listing.folders.append(name)
            for folder in sorted(_list_folder(listing, root, f"{name}/", real), reverse=True):
                # Links come last, so that what they lead to is listed under its own name.
                (waiting.appendleft if folder[2] else waiting.append)(folder)
    listing.keys.sort()
    for suffix in sorted(_NOT_READ & set(listing.others)):
        count = listing.others[suffix]
        listing.notes.append(
            f"{count:,} .{suffix} {'file was' if count == 1 else 'files were'} passed over: "
            "Vitral does not read this format"
        )
    if not listing.keys:
        raise DataError(f"{one_line(root)}: {_nothing(listing)}")
    return listing


def has_picture(folder: str | os.PathLike[str]) -> bool:
    """Tell whether a picture lies anywhere below a folder; links to folders are not followed."""
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if is_junk(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif is_picture(entry.name):
                        return True
        except OSError:
            return True  # Whoever lists it will say why it cannot be read.
    return False


def is_picture(name: str) -> bool:
    """Tell by its ending whether a file may be a picture."""
    return name.rpartition(".")[2].lower() in SUFFIXES


def _list_folder(listing: Listing, root: Path, prefix: str, real: str) -> list[tuple[str, str, bool]]:
    """Add the pictures of one folder; the folders in it are returned as (name, real path, is a link)."""
    folders = []
    keys, others = listing.keys, listing.others
    try:
        with os.scandir(f"{root}{os.sep}{prefix}") as entries:
            for entry in entries:
                name = entry.name
                if is_junk(name):
                    continue
                if is_folder(entry):
                    link = entry.is_symlink()
                    real_path = os.path.realpath(entry.path) if link else os.path.join(real, name)
                    folders.append((prefix + name, real_path, link))
                    continue
                suffix = name.rpartition(".")[2].lower()
                # A dangling link named x.jpg is kept: decoding reports it, with its name.
                if suffix in SUFFIXES:
                    keys.append(prefix + name)
                else:
                    others[suffix] += 1
    except OSError as error:
        place = os.path.join(root, prefix) if prefix else root
        raise DataError(f"{one_line(place)}: {os_reason(error)}") from error
    return folders


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder, or a link to one; a link to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def is_junk(name: str) -> bool:
    """Tell whether an entry is hidden or left behind by a system, and no one's picture."""
    return name[0] == "." or name.lower() in _JUNK


def _nothing(listing: Listing) -> str:
    if not listing.others:
        return "is empty; it must hold pictures, or folders of pictures"
    ends = ", ".join(f"{n:,} .{one_line(end)}" for end, n in listing.others.most_common(3))
    return f"holds no pictures, only other files ({ends}); pictures end in .jpg, .png, .webp and the like"
