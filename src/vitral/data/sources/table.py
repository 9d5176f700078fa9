"""Source `table`: a CSV or Parquet file with a path, perhaps a class and a split per row."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from vitral.core import IGNORE, DataError, did_you_mean, option
from vitral.data.one_line import one_line
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import FilePixels
from vitral.data.sources.class_notes import class_notes, some
from vitral.data.sources.source import Source
from vitral.data.sources.table_columns import read_columns
from vitral.data.split import SPLIT_WORDS

_PATHS = ("path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path", "picture")
_LABELS = ("label", "labels", "class", "class_name", "category", "target")
_SPLITS = ("split", "subset", "set", "partition")
_MISSING_ALLOWED = 0.05


@dataclass(frozen=True, kw_only=True)
class Table(Source, kind="table"):
    """A CSV or Parquet table of paths, classes and splits."""

    precedence: ClassVar[int] = 10

    path_column: str | None = option(None, "column of the paths; none: found by its name")
    label_column: str | None = option(None, "column of the classes; none: found by its name")
    split_column: str | None = option(None, "column of the splits; none: found by its name")

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        if not isinstance(place, Path) or not place.is_file():
            return False
        return place.suffix.lower() in (".csv", ".tsv", ".parquet")

    def open(self, place: Path) -> PictureSet:
        """Read the table; paths are relative to the folder it lies in, or absolute.

        A table with one column has no labels. An empty label is no class, an empty split none.

        Raises:
            DataError: a column or too many files are missing, a file is named twice, a split has
                an unknown name, or the table cannot be read.
        """
        columns = read_columns(place)
        paths = columns[_column(place, columns, self.path_column, _PATHS, "path_column", "the paths")]
        label_name = _optional(place, columns, self.label_column, _LABELS, "label_column", "the classes")
        split_name = _optional(place, columns, self.split_column, _SPLITS, "split_column", "the splits")
        if label_name is None and len(columns) > (1 if split_name is None else 2):
            _column(place, columns, None, _LABELS, "label_column", "the classes")
        root = Path(place).parent
        keys = _keys(place, root, paths)
        names = [""] * len(keys) if label_name is None else columns[label_name]
        classes = _ordered(set(names) - {""})
        number = {name: k for k, name in enumerate(classes)}
        labels = np.array([number.get(name, IGNORE) for name in names], dtype=np.int64)
        given = None if split_name is None else _splits(place, columns[split_name])
        splits, split_by = self.splits(keys, labels, given, "table")
        return PictureSet(
            name=place.stem,
            keys=tuple(keys),
            source=FilePixels(root, keys),
            classes=classes,
            labels=labels,
            splits=splits,
            root=root,
            origin="table",
            split_by=split_by,
            notes=(*_missing(place, root, keys), *class_notes(classes, labels, splits)),
        )


def _optional(
    place: Path,
    columns: dict[str, list[str]],
    asked: str | None,
    known: Sequence[str],
    flag: str,
    what: str,
) -> str | None:
    if asked is None and not {name.strip().lower() for name in columns} & set(known):
        return None
    return _column(place, columns, asked, known, flag, what)


def _column(
    place: Path,
    columns: dict[str, list[str]],
    asked: str | None,
    known: Sequence[str],
    flag: str,
    what: str,
) -> str:
    """The name of a column: the one asked for, or the one that is called as people call it."""
    where = one_line(place)
    if asked is not None:
        if asked not in columns:
            raise DataError(f"{where}: has no column {one_line(asked)!r}{did_you_mean(asked, columns)}")
        return asked
    lower = {name.strip().lower(): name for name in reversed(columns)}
    for name in known:
        if name in lower:
            return lower[name]
    has = some([f"'{one_line(name)}'" for name in columns])
    raise DataError(
        f"{where}: must have a column of {what} (called {', '.join(known[:4])} ...), "
        f"got {has}; name it with {flag}"
    )


def _keys(place: Path, root: Path, paths: Sequence[str]) -> list[str]:
    """Paths as keys: "/" separators, relative to the table's folder when they lie below it."""
    folder = f"{os.path.abspath(root)}{os.sep}"
    keys = []
    for row, path in enumerate(paths, start=1):
        if not path:
            raise DataError(f"{one_line(place)}: picture {row} has an empty path")
        key = path.replace("\\", "/")
        keys.append(os.path.normpath(key.removeprefix(folder)).replace(os.sep, "/"))
    if not keys:
        raise DataError(f"{one_line(place)}: has no rows")
    if len(set(keys)) < len(keys):
        key, count = Counter(keys).most_common(1)[0]
        raise DataError(
            f"{one_line(place)}: must name each picture once, got '{one_line(key)}' {count} times"
        )
    return keys


def _ordered(names: set[str]) -> tuple[str, ...]:
    """Class names sorted; as numbers when all are whole numbers, so that 10 follows 9."""
    if all(name.isascii() and name.isdigit() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def _splits(place: Path, words: Sequence[str]) -> list[str] | None:
    meaning = {word: SPLIT_WORDS.get(word.strip().lower()) for word in set(words) if word.strip()}
    for word, split in meaning.items():
        if split is None:
            near = did_you_mean(word, ("train", "val", "test"))
            raise DataError(
                f"{one_line(place)}: a split must be train, val or test, got '{one_line(word)}'{near}"
            )
    return [meaning.get(word) or "" for word in words] if meaning else None


def _missing(place: Path, root: Path, keys: Sequence[str]) -> list[str]:
    """A note when a few files are missing; they stay in the set, and reading them says so."""
    folder = os.fspath(root)
    missing = [f"'{one_line(key)}'" for key in keys if not os.path.exists(os.path.join(folder, key))]
    if len(missing) > _MISSING_ALLOWED * len(keys):
        raise DataError(
            f"{one_line(place)}: {len(missing):,} of its {len(keys):,} files do not exist, "
            f"first {missing[0]}; paths must be relative to the table's folder"
        )
    if not missing:
        return []
    verb = "file of the table does" if len(missing) == 1 else "files of the table do"
    return [f"{len(missing):,} {verb} not exist: {some(missing)}"]
