"""What a text means that names a place: a path, the address of a file, a pattern, a range of names."""

import glob
import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from vitral.core import DataError, did_you_mean, members
from vitral.data.byte_file import is_url
from vitral.data.one_line import one_line

_MOST_PLACES = 100_000
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d{1,18})\.\.(\d{1,18})")

Place = Path | str


def named_place(text: str) -> Place | list[Place]:
    """The path that lies there, else an embedded set, an address, or what a pattern or range means.

    Returns:
        A path, a word or an address, or a list of paths or addresses.
    Raises:
        DataError: nothing is there, or a range is too long.
    """
    if not text:  # Path("") would be the current folder.
        raise DataError("the place of the pictures must be named, got an empty text")
    path = Path(text).expanduser()
    if os.path.lexists(path):
        return path
    words = [kind for kind, source in members("source").items() if getattr(source, "embedded", False)]
    if text in words:
        return text
    if is_url(text):
        return list(_in_braces(text)) if _BRACES.search(text) else text
    if is_pattern(text):
        return _matching(text)
    near = did_you_mean(text, words) if "/" not in text else ""
    hint = near if near.startswith("; did") else ""
    raise DataError(f"{one_line(text)}: there is no such file or folder{hint}")


def is_pattern(text: str) -> bool:
    """Tell whether a text has a wildcard or braces in it."""
    return glob.has_magic(text) or _BRACES.search(text) is not None


def _matching(text: str) -> list[Place]:
    """The files that a pattern means, sorted within each name that its braces give."""
    found: list[Place] = []
    for name in _in_braces(os.path.expanduser(text)):
        wild = glob.has_magic(name)
        paths = sorted(glob.glob(name, recursive=True)) if wild else [name]
        missing = [] if wild else [path for path in paths if not os.path.lexists(path)]
        if missing:
            raise DataError(f"{one_line(text)}: means {one_line(missing[0])}, which does not exist")
        found += map(Path, paths)
    if not found:
        raise DataError(f"{one_line(text)}: no file has a name like this")
    return list(dict.fromkeys(found))


def _in_braces(text: str) -> Iterator[str]:
    """Every text that braces mean, as a shell spells them: `{00..12}` or `{train,val}`."""
    parts = _BRACES.split(text)
    choices = [_choices(part, text) if number % 2 else [part] for number, part in enumerate(parts)]
    count = 1
    for some in choices:
        count *= len(some)
        if count > _MOST_PLACES:
            raise DataError(f"{one_line(text)}: means more than {_MOST_PLACES:,} places")
    return map("".join, itertools.product(*choices))


def _choices(inside: str, text: str) -> list[str]:
    ends = _RANGE.fullmatch(inside)
    if ends is None:
        return inside.split(",") if "," in inside else [f"{{{inside}}}"]
    first, last = (int(end) for end in ends.groups())
    if abs(last - first) >= _MOST_PLACES:
        raise DataError(f"{one_line(text)}: means more than {_MOST_PLACES:,} places")
    step = 1 if last >= first else -1
    padded = any(len(end) > 1 and end.startswith("0") for end in ends.groups())
    width = max(map(len, ends.groups())) if padded else 1
    return [f"{number:0{width}d}" for number in range(first, last + step, step)]
