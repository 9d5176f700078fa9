"""`open_pictures`: find out what a place is, and open it."""

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from vitral.core import DataError, did_you_mean, member, members
from vitral.data.one_line import one_line
from vitral.data.picture_set import PictureSet
from vitral.data.sources.source import Source


def open_pictures(
    place: Any, *, kind: str | None = None, validation: float = 0.1, test: float = 0.1, **options: Any
) -> PictureSet:
    """Open a place where pictures are, whatever it is; no pixel is decoded.

    A path that exists wins over the word of an embedded set. When the place gives no split, a
    hash of each picture's name decides; see `hash_split`. Nothing is printed: `found` and
    `notes` of the result say what there is.

    Args:
        place: a folder, a CSV or Parquet table, an embedded set ("digits", "scenes"), or any
            map-style torch `Dataset`.
        kind: the source to use instead of the one that recognizes the place.
        validation: share of the pictures for validation, in [0, 0.9].
        test: share of the pictures for testing, in [0, 0.9].
        options: further options of the source.
    Raises:
        DataError: the place is missing, unreadable, empty or holds no pictures.
        OptionError: there is no such kind or option, or a value lies outside its range.
    """
    if isinstance(place, str | os.PathLike):
        place = _place(os.fspath(place))
    chosen = _source(place) if kind is None else cast(type[Source], member("source", kind))
    source = chosen.from_json({"validation": validation, "test": test, **options})
    if kind is not None and not (chosen.embedded or chosen.recognizes(place)):
        raise DataError(f"{one_line(place)}: cannot be opened as {kind!r}")
    pictures = source.open(place)
    again = str(place.resolve()) if isinstance(place, Path) else place if isinstance(place, str) else ""
    # Other options than the shares are not remembered, so such a set cannot be opened again by its place.
    lasting = again if kind is None and not options else ""
    return replace(pictures, name=_safe(pictures.name), place=lasting, shares=(validation, test))


def _place(text: str) -> Path | str:
    """A path when something lies there, else the word of an embedded set."""
    if not text:  # Path("") would be the current folder.
        raise DataError("the place of the pictures must be named, got an empty text")
    path = Path(text).expanduser()
    if os.path.lexists(path):
        return path
    words = [kind for kind, source in members("source").items() if getattr(source, "embedded", False)]
    if text in words:
        return text
    near = did_you_mean(text, words) if "/" not in text else ""
    hint = near if near.startswith("; did") else ""
    raise DataError(f"{one_line(text)}: there is no such file or folder{hint}")


def _source(place: Any) -> type[Source]:
    known = [s for s in members("source").values() if issubclass(s, Source)]
    if isinstance(place, str):
        return next(source for source in known if source.embedded and source.kind == place)
    fitting = [source for source in known if source.recognizes(place)]
    if fitting:
        return max(fitting, key=lambda source: source.precedence)
    what = one_line(place) if isinstance(place, Path) else type(place).__name__
    raise DataError(
        f"{what}: must be a folder of pictures, a CSV or Parquet table, or a torch Dataset with a length"
        + _what_came(place)
    )


def _what_came(place: Any) -> str:
    if not isinstance(place, Path):
        return ""
    if place.is_symlink() and not place.exists():
        return ", but it is a symbolic link that leads nowhere"
    return ", but it is a file" if place.is_file() else ""


def _safe(name: str) -> str:
    """A name that may be part of a file name on every system."""
    return re.sub(r"[^\w.+-]+", "-", name).strip("-. ") or "pictures"
