"""`open_pictures`: find out what a place is, and open it."""

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from vitral.core import DataError, OptionError, member, members
from vitral.data.byte_file import is_url
from vitral.data.one_line import one_line
from vitral.data.picture_set import PictureSet
from vitral.data.places import is_pattern, named_place
from vitral.data.sources.source import Source


def open_pictures(
    place: Any, *, kind: str | None = None, validation: float = 0.1, test: float = 0.1, **options: Any
) -> PictureSet:
    """Open a place where pictures are, whatever it is; no pixel is decoded.

    A path that exists wins over everything else that its text could mean. When the place gives no
    split, a hash of each picture's name decides; see `hash_split`. Nothing is printed: `found` and
    `notes` of the result say what there is.

    Args:
        place: a folder; a CSV, JSONL or Parquet table; tar archives or packed sets: one, a list, a
            pattern ("shards/*.tar"), a range ("shard-{0000..0012}.tar"), or addresses of them
            ("s3://..."); an embedded set ("digits", "scenes"); a map-style torch `Dataset`, a
            Hugging Face dataset; a `PictureSet` comes back as it is.
        kind: the source to use instead of the one that recognizes the place.
        validation: share of the pictures for validation, in [0, 0.9].
        test: share of the pictures for testing, in [0, 0.9].
        options: further options of the source.
    Raises:
        DataError: the place is missing, unreadable, empty or holds no pictures.
        OptionError: there is no such kind or option, or a value lies outside its range.
    """
    if isinstance(place, PictureSet):
        if kind is not None or options:
            raise OptionError(f"{place.name}: is open already; options are given where it is opened")
        return place
    again = ""
    if isinstance(place, str | os.PathLike):
        text = os.fspath(place)
        place = named_place(text)
        again = _again(text, place)
    elif isinstance(place, list | tuple) and place and all(isinstance(p, str | os.PathLike) for p in place):
        place = _listed([named_place(os.fspath(part)) for part in place])
    chosen = _source(place) if kind is None else cast(type[Source], member("source", kind))
    source = chosen.from_json({"validation": validation, "test": test, **options})
    if kind is not None and not (chosen.embedded or chosen.recognizes(place)):
        raise DataError(f"{_shown(place)}: cannot be opened as {kind!r}")
    pictures = source.open(place)
    # Other options than the shares are not remembered, so such a set cannot be opened again by its place.
    lasting = again if kind is None and not options else ""
    return replace(pictures, name=_safe(pictures.name), place=lasting, shares=(validation, test))


def _again(text: str, place: Any) -> str:
    """The text that opens the place again from anywhere."""
    if isinstance(place, Path):
        return str(place.resolve())
    if isinstance(place, str) or is_url(text):
        return text
    path = os.path.abspath(os.path.expanduser(text))
    # A folder on the way may be called like a pattern; then the text would mean something else.
    return path if path.endswith(text) and not is_pattern(path[: -len(text)]) else ""


def _listed(parts: list[Any]) -> list[Path | str]:
    return [place for part in parts for place in (part if isinstance(part, list) else [part])]


def _source(place: Any) -> type[Source]:
    known = [s for s in members("source").values() if issubclass(s, Source)]
    if isinstance(place, str) and not is_url(place):
        return next(source for source in known if source.embedded and source.kind == place)
    fitting = [source for source in known if source.recognizes(place)]
    if fitting:
        return max(fitting, key=lambda source: source.precedence)
    raise DataError(
        f"{_shown(place)}: must be a folder of pictures, a CSV, JSONL or Parquet table, tar archives, "
        f"packed sets, a torch Dataset with a length, or a Hugging Face dataset{_what_came(place)}"
    )


def _shown(place: Any) -> str:
    if isinstance(place, list) and place and isinstance(place[0], Path | str):
        return one_line(place[0]) + (f" and {len(place) - 1} more" if len(place) > 1 else "")
    return one_line(place) if isinstance(place, Path | str) else type(place).__name__


def _what_came(place: Any) -> str:
    if not isinstance(place, Path):
        return ""
    if place.is_symlink() and not place.exists():
        return ", but it is a symbolic link that leads nowhere"
    return ", but it is a file" if place.is_file() else ""


def _safe(name: str) -> str:
    """A name that may be part of a file name on every system."""
    return re.sub(r"[^\w.+-]+", "-", name).strip("-. ") or "pictures"
