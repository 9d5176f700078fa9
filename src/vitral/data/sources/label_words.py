"""Class names out of what stands beside pictures: words, numbers, or numbers as words."""

from collections.abc import Iterable
from pathlib import Path

from vitral.core import DataError
from vitral.data.one_line import one_line
from vitral.data.os_reason import os_reason

MOST_CLASSES = 100_000
"""A class number from here on is a mistake, or would take a network of absurd size."""

_FILES = ("classes.txt", "labels.txt", "class_names.txt")
_MOST_BYTES = 2**20


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Class names sorted; as numbers when all are whole numbers, so that 10 follows 9."""
    names = set(names)
    if all(name.isascii() and name.isdigit() for name in names):
        return tuple(sorted(names, key=lambda name: (len(name.lstrip("0")), name.lstrip("0"), name)))
    return tuple(sorted(names))


def label_space(values: Iterable[int | str], where: str) -> tuple[tuple[str, ...], dict[int | str, int]]:
    """Class names, and the class number of each value that stands beside a picture.

    Where all values are whole numbers, they are the class numbers, and numbers that do not occur
    are classes too; else every value is a name, and the names are sorted.

    Args:
        values: what stands beside the pictures.
        where: whose labels these are, for an error.
    Raises:
        DataError: a number is below 0 or absurdly large.
    """
    distinct = set(values)
    numbers = [value for value in distinct if isinstance(value, int)]
    if len(numbers) < len(distinct):
        classes = ordered(str(value) for value in distinct)
        number = {name: k for k, name in enumerate(classes)}
        return classes, {value: number[str(value)] for value in distinct}
    if numbers and not 0 <= min(numbers) <= max(numbers) < MOST_CLASSES:
        wrong = min(numbers) if min(numbers) < 0 else max(numbers)
        shown = str(wrong) if abs(wrong) < 10**18 else "one of more than 18 digits"
        raise DataError(f"{where}: a class number must lie in [0, {MOST_CLASSES - 1}], got {shown}")
    classes = tuple(str(k) for k in range(max(numbers, default=-1) + 1))
    return classes, {value: value for value in numbers}


def listed_classes(place: Path) -> list[str]:
    """The names in a `classes.txt` or the like beside masks, one a line; none without such a file.

    Raises:
        DataError: it is no list of at most 255 different names.
    """
    for name in _FILES:
        path = place / name
        if not path.is_file():
            continue
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise DataError(f"{one_line(path)}: must have at most {_MOST_BYTES:,} bytes")
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise DataError(f"{one_line(path)}: {os_reason(error)}") from error
        except UnicodeDecodeError as error:
            raise DataError(f"{one_line(path)}: must be UTF-8 text, but byte {error.start} is not") from error
        names = [line.strip() for line in text.splitlines() if line.strip()]
        if len(names) > 255:
            raise DataError(f"{one_line(path)}: must name at most 255 classes, got {len(names)}")
        if len(set(names)) < len(names):
            raise DataError(f"{one_line(path)}: must name each class once")
        return names
    return []
