"""Source `table`: a CSV, JSONL or Parquet file with a path, perhaps a class and more per row."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from vitral.core import IGNORE, DataError, did_you_mean, option
from vitral.data.objects import Objects
from vitral.data.one_line import one_line
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import FilePixels, Pixels
from vitral.data.sources.class_notes import class_notes, some
from vitral.data.sources.label_words import ordered
from vitral.data.sources.parquet_pixels import ParquetPixels, picture_column
from vitral.data.sources.source import Source
from vitral.data.sources.table_columns import PARQUET, TABLES, Columns, first_names, read_columns, texts
from vitral.data.sources.table_targets import (
    MASKS,
    TARGETS,
    WEIGHTS,
    TableMasks,
    boxes_of_lists,
    boxes_of_rows,
    corner_columns,
    named_column,
    weights_of,
)
from vitral.data.split import SPLIT_WORDS

_PATHS = ("path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path", "picture")
_LABELS = ("label", "labels", "class", "class_name", "category", "target")
_SPLITS = ("split", "subset", "set", "partition")
_MISSING_ALLOWED = 0.05


@dataclass(frozen=True, kw_only=True)
class Table(Source, kind="table"):
    """A CSV, JSONL or Parquet table of pictures, classes, splits, boxes, masks and weights."""

    precedence: ClassVar[int] = 25

    path_column: str | None = option(None, "column of the paths; none: found by its name")
    label_column: str | None = option(None, "column of the classes; none: found by its name")
    split_column: str | None = option(None, "column of the splits; none: found by its name")

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        """A table, or a folder with a `metadata.csv`, `.jsonl` or `.parquet` that names files."""
        if not isinstance(place, Path):
            return False
        if place.is_file():
            return place.suffix.lower() in TABLES
        return _metadata(place) is not None

    def open(self, place: Path) -> PictureSet:
        """Read the table; paths are relative to the folder it lies in, or absolute.

        A table with one column has no labels. An empty label is no class, an empty split none.
        Further columns, found by their names: `weight`; `mask`, the path of a mask; `boxes` or
        `bbox` with lists of x0 y0 x1 y1, `box_labels` or `categories` with their classes, and
        `points` (see `boxes_of_lists`); or `xmin`, `ymin`, `xmax`, `ymax` with one box a row, the
        path being repeated and the label being that of the box. A Parquet file may hold the
        pictures themselves, as bytes.

        Raises:
            DataError: a column or too many files are missing, a file is named twice, a split has
                an unknown name, a box, weight or label is none, or the table cannot be read.
        """
        place = _metadata(place) or place
        rows = self._rows(place)
        objects, classes, number = self._objects(place, rows)
        labels = np.array([number.get(name, IGNORE) for name in rows.labels], dtype=np.int64)
        words = rows.splits
        given = None if words is None else _splits(place, words)
        splits, split_by = self.splits(rows.keys, labels, given, "table")
        root = place.parent
        missing = [] if rows.source is not None else _missing(place, root, rows.keys)
        mask, weight = named_column(rows.columns, MASKS), named_column(rows.columns, WEIGHTS)
        masks = ["" for _ in rows.keys] if mask is None else rows.of(texts(place, mask, rows.columns[mask]))
        weights = None if weight is None else rows.of(texts(place, weight, rows.columns[weight]))
        about = class_notes(classes, labels, splits) if objects is None else []
        return PictureSet(
            name=root.resolve().name if place.stem.lower() == "metadata" else place.stem,
            keys=tuple(rows.keys),
            source=rows.source or FilePixels(root, rows.keys),
            classes=classes,
            labels=labels,
            splits=splits,
            root=root,
            origin="table",
            split_by=split_by,
            notes=(*missing, *about),
            masks=TableMasks(root, masks, rows.keys) if any(masks) else None,
            objects=objects,
            weights=None if weights is None else weights_of(place, weights),
        )

    def _rows(self, place: Path) -> "_Rows":
        """The pictures of the table, and the row that describes each."""
        columns = read_columns(place)
        inside = picture_column(place) if place.suffix.lower() in PARQUET else None
        corners = corner_columns(columns)
        if inside is not None and self.path_column is None:
            keys, first, picture_of, source = _inside(place, *inside)
        else:
            name = _column(place, columns, self.path_column, _PATHS, "path_column", "the paths")
            paths, source = texts(place, name, columns[name]), None
            keys, first, picture_of = _keys(place, place.parent, paths, repeated=corners is not None)
        label_name = _optional(place, columns, self.label_column, _LABELS, "label_column", "the classes")
        split_name = _optional(place, columns, self.split_column, _SPLITS, "split_column", "the splits")
        if label_name is None and source is None and self._unexplained(place, columns):
            _column(place, columns, None, _LABELS, "label_column", "the classes")
        return _Rows(
            columns=columns,
            keys=keys,
            first=first,
            picture_of=picture_of,
            source=source,
            corners=corners,
            words=None if label_name is None else texts(place, label_name, columns[label_name]),
            split_words=None if split_name is None else texts(place, split_name, columns[split_name]),
        )

    def _unexplained(self, place: Path, columns: Columns) -> bool:
        """Whether a column may hold the classes under a name nobody knows, in a table of nothing else."""
        names = {
            name.strip().lower() for name in columns if name not in (self.path_column, self.split_column)
        }
        # What those packages write has captions and whatever else in it.
        told = place.stem.lower() == "metadata" or names & TARGETS
        return not told and bool(names - {*_PATHS, *_SPLITS, *WEIGHTS})

    def _objects(
        self, place: Path, rows: "_Rows"
    ) -> tuple[Objects | None, tuple[str, ...], dict[int | str, int]]:
        """What is marked, and the classes of pictures and marks together."""
        if rows.corners is not None:
            lists = boxes_of_rows(place, rows.columns, rows.corners, rows.words, rows.picture_of)
        else:
            lists = boxes_of_lists(place, rows.columns, rows.keys)
        marked = [] if lists is None else [str(label) for label in lists.labels]
        classes = ordered({*rows.labels, *marked} - {""})
        number: dict[int | str, int] = {name: k for k, name in enumerate(classes)}
        if lists is None:
            return None, classes, number
        by_label = {label: number[str(label)] for label in lists.labels}
        return lists.objects(one_line(place), by_label), classes, number


@dataclass(kw_only=True)
class _Rows:
    """The pictures of a table in the order of their first rows."""

    columns: Columns
    keys: list[str]
    first: list[int]
    picture_of: list[int]
    source: Pixels | None
    corners: list[str] | None
    words: list[str] | None
    split_words: list[str] | None

    @property
    def labels(self) -> list[str]:
        """The class of each picture, "" without; with one box a row, a class is that of the box."""
        return [""] * len(self.keys) if self.corners or self.words is None else self.of(self.words)

    @property
    def splits(self) -> list[str] | None:
        """The split of each picture, when the table has a column of them."""
        return None if self.split_words is None else self.of(self.split_words)

    def of(self, values: Sequence[str]) -> list[str]:
        """The value of each picture: that of its first row."""
        return [values[row] for row in self.first]


def _metadata(place: Path) -> Path | None:
    """The table that a folder of pictures has in it, as Hugging Face's packages write it."""
    for suffix in TABLES:
        path = place / f"metadata{suffix}"
        if path.is_file() and named_column({name: [] for name in first_names(path)}, _PATHS) is not None:
            return path
    return None


def _inside(
    place: Path, column: str, starts: list[int], names: list[str | None]
) -> tuple[list[str], list[int], list[int], Pixels]:
    """Keys and pixels of a Parquet file that holds the pictures; the names in it, where all differ."""
    if not names:
        raise DataError(f"{one_line(place)}: has no rows")
    usable = all(isinstance(name, str) and name for name in names)
    keys = [(name or "").replace("\\", "/").lstrip("/") for name in names] if usable else []
    if len(set(keys)) < len(names) or any(".." in key.split("/") for key in keys):
        keys = [f"{row:07d}" for row in range(len(names))]
    rows = list(range(len(keys)))
    return keys, rows, rows, ParquetPixels(place, column, starts, keys)


def _optional(
    place: Path,
    columns: Columns,
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
    columns: Columns,
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


def _keys(
    place: Path, root: Path, paths: Sequence[str], *, repeated: bool
) -> tuple[list[str], list[int], list[int]]:
    """Paths as keys: "/" separators, relative to the table's folder when they lie below it.

    Returns:
        The key of each picture, the number of its first row, and the number of the picture of
        each row; a picture has several rows only where `repeated` allows it.
    """
    folder = f"{os.path.abspath(root)}{os.sep}"
    keys = []
    for row, path in enumerate(paths, start=1):
        if not path:
            raise DataError(f"{one_line(place)}: picture {row} has an empty path")
        key = path.replace("\\", "/")
        keys.append(os.path.normpath(key.removeprefix(folder)).replace(os.sep, "/"))
    if not keys:
        raise DataError(f"{one_line(place)}: has no rows")
    number = {key: n for n, key in enumerate(dict.fromkeys(keys))}
    if len(number) < len(keys) and not repeated:
        key, count = Counter(keys).most_common(1)[0]
        raise DataError(
            f"{one_line(place)}: must name each picture once, got '{one_line(key)}' {count} times"
        )
    picture_of = [number[key] for key in keys]
    first = dict(zip(reversed(picture_of), reversed(range(len(keys))), strict=True))
    return list(number), [first[n] for n in range(len(number))], picture_of


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
