"""Columns of a CSV, JSONL or Parquet file."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vitral.core import DataError
from vitral.data.one_line import one_line
from vitral.data.os_reason import os_reason
from vitral.data.sources.object_lists import shown
from vitral.data.sources.parquet_pixels import holds_pictures

JSONL = (".jsonl", ".ndjson")
PARQUET = (".parquet", ".pq")
TABLES = (".csv", ".tsv", *JSONL, *PARQUET)
"""How the name of a table ends, in lower case."""

_LONGEST_LINE = 2**24

Columns = dict[str, list[Any]]


def read_columns(path: Path) -> Columns:
    """Column name -> its values in order; of a CSV file, texts without spaces around them.

    The delimiter of a CSV file (comma, semicolon, tab or bar) is the most frequent one in its
    first line; text is UTF-8, with or without a byte order mark. Columns of a Parquet file that
    hold the bytes of pictures are left out.

    Raises:
        DataError: the file cannot be read, is damaged, or has two columns of one name.
    """
    suffix = path.suffix.lower()
    read = _parquet if suffix in PARQUET else _jsonl if suffix in JSONL else _csv
    try:
        return read(path)
    except OSError as error:
        # pyarrow raises OSError without a number for damaged files too.
        reason = os_reason(error) if error.errno else f"is damaged ({_short(error)})"
        raise DataError(f"{one_line(path)}: {reason}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{one_line(path)}: must be UTF-8 text, but byte {error.start} is not") from error


def first_names(path: Path) -> list[str]:
    """The names of the columns as far as the first line tells; none when it cannot be read."""
    try:
        if path.suffix.lower() in PARQUET:
            import pyarrow.parquet as pq

            return list(pq.read_schema(path).names)
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline(_LONGEST_LINE)
        if path.suffix.lower() not in JSONL:
            return _header(line)
        row = json.loads(line)
        return list(row) if isinstance(row, dict) else []
    except (OSError, ValueError, RecursionError, csv.Error):
        return []  # Whoever reads it will say what is wrong with it.


def texts(place: Path, name: str, values: Sequence[Any]) -> list[str]:
    """The values of a column as texts; what is missing is "".

    Raises:
        DataError: a value is a list or another thing with parts.
    """
    for value in values:
        if isinstance(value, list | dict | bytes):
            raise DataError(
                f"{one_line(place)}: column {one_line(name)!r} must hold one text or number a row, "
                f"got {shown(value)}"
            )
    return [_text(value) for value in values]


def _header(line: str) -> list[str]:
    delimiter = max(",;\t|", key=line.count)
    return [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]


def _csv(path: Path) -> Columns:
    where = one_line(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            rows = csv.reader(file, delimiter=max(",;\t|", key=first.count), strict=True)
            header = [name.strip() for name in next(rows, [])]
            if not any(header):
                raise DataError(f"{where}: is empty; its first line must name the columns")
            if len(set(header)) < len(header):
                raise DataError(f"{where}: must name each column once, got {one_line(', '.join(header))}")
            columns: list[list[str]] = [[] for _ in header]
            for row in rows:
                if not row:
                    continue
                if len(row) != len(header):
                    raise DataError(
                        f"{where}: line {rows.line_num} has {len(row)} cells, the header {len(header)}"
                    )
                for column, cell in zip(columns, row, strict=True):
                    column.append(cell.strip())
    except csv.Error as error:
        raise DataError(f"{where}: is no valid CSV ({_short(error)})") from error
    return dict(zip(header, columns, strict=True))


def _jsonl(path: Path) -> Columns:
    rows = list(_objects(path))
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), ""), start=1):
            if not line.strip():
                continue
            where = f"{one_line(path)}: line {number}"
            try:
                row = json.loads(line)
            except UnicodeDecodeError:
                raise
            except (ValueError, RecursionError) as error:
                raise DataError(f"{where}: is no valid JSON ({_short(error)})") from error
            if not isinstance(row, dict):
                raise DataError(f'{where}: must be a JSON object like {{"path": ...}}, got {shown(row)}')
            yield row


def _parquet(path: Path) -> Columns:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Not read_table: that makes columns out of folders called a=b.
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if len(set(names)) < len(names):
                raise DataError(f"{one_line(path)}: must name each column once, got {', '.join(names)}")
            wanted = [name for name in names if not holds_pictures(file.schema_arrow.field(name).type)]
            table = file.read(columns=wanted)
            known = class_names(file.schema_arrow.metadata)
    except pa.ArrowException as error:
        raise DataError(f"{one_line(path)}: is no valid Parquet file ({_short(error)})") from error
    columns = {name: _values(table.column(name)) for name in wanted}
    return {name: _named(values, known.get(name)) for name, values in columns.items()}


def _values(column: Any) -> list[Any]:
    try:
        return column.to_pylist()
    except (ValueError, OverflowError):
        # Times finer or farther than Python's have no value here; as texts they do no harm.
        return column.cast("string").to_pylist()


def class_names(metadata: dict[bytes, bytes] | None) -> dict[str, list[str]]:
    """Column -> names of its class numbers, as the package `datasets` notes them in a Parquet file."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
        named = {column: feature["names"] for column, feature in features.items() if "names" in feature}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}  # Not written by that package: the numbers then stand for themselves.
    return {
        column: names
        for column, names in named.items()
        if isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    }


def _named(values: list[Any], names: list[str] | None) -> list[Any]:
    if names is None:
        return values
    return [
        names[v] if isinstance(v, int) and 0 <= v < len(names) else None if v == -1 else v for v in values
    ]


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # Whole numbers become floating point when a column has gaps.
    return str(value).strip()


def _short(error: Exception) -> str:
    return one_line(str(error).partition("\n")[0][:200])
