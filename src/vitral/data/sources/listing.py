"""All pictures below a folder, by name alone: nothing is opened and hardly anything stat-ed."""

import os
from collections import deque
from pathlib import Path

from vitral.core import DataError
from vitral.data.index_cache import Fingerprint, Listing, keep_listing, kept_listing
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


def list_pictures(root: Path) -> Listing:
    """List the pictures below a folder, following links but never in a circle.

    Hidden files and what systems leave behind (`__MACOSX`, `Thumbs.db`) are passed over. The
    listing of a large folder is kept in the user's cache folder until something in it changes.

    Raises:
        DataError: there is no such folder, it or a folder in it cannot be read, or it holds no pictures.
    """
    real_root = os.path.realpath(root)
    kept = kept_listing(real_root)
    if kept is not None:
        return kept
    listing, fingerprint = _listed(root, real_root)
    if not listing.keys:
        raise DataError(f"{one_line(root)}: {_nothing(listing)}")
    keep_listing(real_root, listing, fingerprint)
    return listing


def _listed(root: Path, real_root: str) -> tuple[Listing, Fingerprint]:
    listing, fingerprint = Listing(), Fingerprint()
    tops = _list_folder(listing, fingerprint, root, "", real_root)
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
            below = _list_folder(listing, fingerprint, root, f"{name}/", real)
            for folder in sorted(below, reverse=True):
                # Links come last, so that what they lead to is listed under its own name.
                (waiting.appendleft if folder[2] else waiting.append)(folder)
    listing.keys.sort()
    for suffix in sorted(_NOT_READ & set(listing.others)):
        count = listing.others[suffix]
        listing.notes.append(
            f"{count:,} .{suffix} {'file was' if count == 1 else 'files were'} passed over: "
            "Vitral does not read this format"
        )
    return listing, fingerprint


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


def _list_folder(
    listing: Listing, fingerprint: Fingerprint, root: Path, prefix: str, real: str
) -> list[tuple[str, str, bool]]:
    """Add the pictures of one folder; the folders in it are returned as (name, real path, is a link)."""
    folders = []
    keys, others, links = listing.keys, listing.others, fingerprint.links
    folder = f"{root}{os.sep}{prefix}"
    try:
        fingerprint.add(prefix, folder)
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if is_junk(name):
                    continue
                link, inside = entry.is_symlink(), is_folder(entry)
                if link:
                    links[prefix + name] = os.path.realpath(entry.path) if inside else ""
                if inside:
                    real_path = links[prefix + name] if link else os.path.join(real, name)
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
