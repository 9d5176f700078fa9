"""Columns of a CSV or Parquet file, as texts."""

import csv
from pathlib import Path
from typing import Any

from vitral.core import DataError
from vitral.data.one_line import one_line
from vitral.data.os_reason import os_reason


def read_columns(path: Path) -> dict[str, list[str]]:
    """Column name -> its values in order, each as a text without spaces around it.

    The delimiter of a CSV file (comma, semicolon, tab or bar) is the most frequent one in its
    first line; its text is UTF-8, with or without a byte order mark.

    Raises:
        DataError: the file cannot be read, is damaged, or has two columns of one name.
    """
    try:
        return _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    except OSError as error:
        # pyarrow raises OSError without a number for damaged files too.
        reason = os_reason(error) if error.errno else f"is damaged ({_short(error)})"
        raise DataError(f"{one_line(path)}: {reason}") from error


def _csv(path: Path) -> dict[str, list[str]]:
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
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: must be UTF-8 text, but byte {error.start} is not") from error
    except csv.Error as error:
        raise DataError(f"{where}: is no valid CSV ({_short(error)})") from error
    return dict(zip(header, columns, strict=True))


def _parquet(path: Path) -> dict[str, list[str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Not read_table: that makes columns out of folders called a=b.
        table = pq.ParquetFile(path).read()
    except pa.ArrowException as error:
        raise DataError(f"{one_line(path)}: is no valid Parquet file ({_short(error)})") from error
    if len(set(table.column_names)) < len(table.column_names):
        raise DataError(f"{one_line(path)}: must name each column once, got {', '.join(table.column_names)}")
    return {name: [_text(v) for v in table.column(name).to_pylist()] for name in table.column_names}


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # Whole numbers become floating point when a column has gaps.
    return str(value).strip()


def _short(error: Exception) -> str:
    return one_line(str(error).partition("\n")[0][:200])
