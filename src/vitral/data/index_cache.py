"""What lay below a large folder when it was last listed, kept until something there changes."""

import contextlib
import hashlib
import json
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vitral.core import VitralError, atomic_write
from vitral.core.cache_folder import cache_file

WORTH_KEEPING = 5_000
"""Fewest files for which reading the index saves a person more time than writing it costs."""

MOST_INDEXES = 64
SETTLED_S = 2.0
"""A folder changed later than this before it was read may change again without its time changing."""

_MAGIC = b"vitral index 1\n"
_MOST_LINKS = 10_000  # Each is looked up again when the index is used.

Stamp = tuple[int, int, int, int]
"""mtime and ctime in nanoseconds, inode and device of a folder: one of them moves when it changes."""


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


@dataclass(kw_only=True)
class Fingerprint:
    """What must be as it was for a listing to be true still.

    Args:
        stamps: of every folder that was listed, by its path below the top one, "" for that one.
        links: where each symbolic link led: the real path of a folder, "" for anything else.
        settled: no folder had changed shortly before it was read.
    """

    stamps: dict[str, Stamp] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    settled: bool = True

    def add(self, folder: str, path: str) -> None:
        """Take the stamp of a folder; to be called before it is read.

        Raises:
            OSError: there is no such folder.
        """
        stamp = _stamp(path)
        self.stamps[folder] = stamp
        # A time in the future comes from another machine's clock, and tells nothing either.
        self.settled = self.settled and max(stamp[:2]) < time.time_ns() - int(SETTLED_S * 1e9)

    def holds(self, root: str) -> bool:
        """Tell whether everything is as it was."""
        try:
            if any(_stamp(os.path.join(root, name)) != stamp for name, stamp in self.stamps.items()):
                return False
        except OSError:
            return False
        return all(link_target(os.path.join(root, name)) == real for name, real in self.links.items())


def link_target(path: str) -> str:
    """The real path of the folder that a link leads to, "" when it leads to none."""
    return os.path.realpath(path) if os.path.isdir(path) else ""


def kept_listing(root: str) -> Listing | None:
    """The listing of a folder from the cache; None when there is none, or the folder has changed.

    Args:
        root: real path of the folder.
    """
    path = _index_file(root)
    if path is None:
        return None
    try:
        listing, fingerprint = _from_bytes(path.read_bytes(), root)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None  # Missing, foreign or damaged: it is only a cache, and is written anew.
    if not fingerprint.holds(root):
        return None
    with contextlib.suppress(OSError):  # The time of its last use only decides which goes first.
        os.utime(path)
    return listing


def keep_listing(root: str, listing: Listing, fingerprint: Fingerprint) -> None:
    """Put the listing of a folder into the cache, when that is worth it and can be relied on.

    A cache that cannot be written does no harm.

    Args:
        root: real path of the folder.
        listing: what lies below it.
        fingerprint: taken while it was listed.
    """
    size = len(listing.keys) + listing.others.total()
    path = _index_file(root)
    if (
        path is None
        or size < WORTH_KEEPING
        or not fingerprint.settled
        or len(fingerprint.links) > _MOST_LINKS
    ):
        return
    with contextlib.suppress(VitralError, OSError):  # A full or read-only disk: no cache then.
        atomic_write(path, _as_bytes(root, listing, fingerprint))
        _drop_oldest(path.parent)


def _index_file(root: str) -> Path | None:
    name = hashlib.blake2b(os.fsencode(root), digest_size=16).hexdigest()
    return cache_file(f"indexes/{name}.index")


def _stamp(path: str) -> Stamp:
    status = os.stat(path)
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev


def _as_bytes(root: str, listing: Listing, fingerprint: Fingerprint) -> bytes:
    head = {
        "root": root,
        "folders": listing.folders,
        "others": listing.others,
        "notes": listing.notes,
        "stamps": fingerprint.stamps,
        "links": fingerprint.links,
    }
    # Text with a separator is read several times faster than a list in JSON; no name holds a NUL.
    keys = "\0".join(listing.keys).encode("utf-8", "surrogateescape")
    body = json.dumps(head, separators=(",", ":")).encode() + b"\n" + keys
    return _MAGIC + _digest(body) + body


def _from_bytes(data: bytes, root: str) -> tuple[Listing, Fingerprint]:
    """The parts of an index.

    Raises:
        ValueError: it is damaged or of another folder; other errors when it is foreign.
    """
    start = len(_MAGIC) + 16
    body = memoryview(data)[start:]
    if data[: len(_MAGIC)] != _MAGIC or data[len(_MAGIC) : start] != _digest(body):
        raise ValueError("is no index")
    line = data.index(b"\n", start)
    head: dict[str, Any] = json.loads(data[start:line])
    if head["root"] != root:
        raise ValueError("is of another folder")
    keys = data[line + 1 :].decode("utf-8", "surrogateescape").split("\0")
    listing = Listing(keys=keys, folders=head["folders"], others=Counter(head["others"]), notes=head["notes"])
    stamps: dict[str, Stamp] = {name: tuple(stamp) for name, stamp in head["stamps"].items()}
    return listing, Fingerprint(stamps=stamps, links=head["links"])


def _digest(body: bytes | memoryview) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


def _drop_oldest(folder: Path) -> None:
    with os.scandir(folder) as entries:
        indexes = [
            (entry.stat().st_mtime_ns, entry.path) for entry in entries if entry.name.endswith(".index")
        ]
    for _, path in sorted(indexes)[:-MOST_INDEXES]:
        Path(path).unlink(missing_ok=True)
