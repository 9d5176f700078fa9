"""Pictures whose bytes lie in a column of a Parquet file."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import DataError, Undecoded
from vitral.data.decode import decode, told
from vitral.data.one_line import one_line
from vitral.data.pixels import Pixels
from vitral.data.undecoded import undecoded

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_GROUPS = 4
_MOST_BYTES = 2**28


class ParquetPixels(Pixels):
    """Pictures in a column of bytes, or of structures of bytes and path; read by groups of rows.

    The groups read last stay in memory, a few of them and 256 MiB together at most, but always one.

    Args:
        path: the Parquet file.
        column: name of the column.
        starts: number of the first row of each group, and the number of all rows.
        names: how to call each picture in an error.
    """

    def __init__(self, path: Path, column: str, starts: Sequence[int], names: Sequence[str]) -> None:
        self._path, self._column, self._names = path, column, names
        self._starts = np.array(starts, dtype=np.int64)
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._groups: OrderedDict[int, pa.Array] = OrderedDict()
        self._file: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value for name, value in vars(self).items() if name not in ("_lock", "_groups", "_file")
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        return decode(self.encoded(row), name=self._names[row])

    def undecoded(self, row: int) -> Undecoded:
        return undecoded(self.encoded(row), name=self._names[row])

    def encoded(self, row: int) -> memoryview:
        return told(self._names[row], lambda: self._bytes(row))

    def _bytes(self, row: int) -> memoryview:
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        with self._lock:
            group = self._groups.get(number)
            if group is None:
                group = self._groups[number] = self._group(number)
            self._groups.move_to_end(number)
            while len(self._groups) > 1 and (
                len(self._groups) > _MOST_GROUPS or sum(g.nbytes for g in self._groups.values()) > _MOST_BYTES
            ):
                self._groups.popitem(last=False)
        value = group[row - int(self._starts[number])]
        if not value.is_valid:
            raise ValueError("has no bytes in the table")
        return memoryview(value.as_buffer())

    def _group(self, number: int) -> "pa.Array":
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._file is None:
            self._file = pq.ParquetFile(self._path)
        column = self._file.read_row_group(number, columns=[self._column]).column(self._column)
        array = pa.concat_arrays(column.chunks) if column.num_chunks != 1 else column.chunk(0)
        return array.field("bytes") if pa.types.is_struct(array.type) else array


def holds_pictures(kind: "pa.DataType") -> bool:
    """Tell whether a column holds bytes, or structures with bytes in them."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        index = kind.get_field_index("bytes")
        return index >= 0 and _is_binary(kind.field(index).type)
    return _is_binary(kind)


def picture_column(path: Path) -> tuple[str, list[int], list[str | None]] | None:
    """The column with the bytes of pictures, the starts of the groups of rows, and the names in it.

    Returns:
        None when there is no such column; the names are None where the file has none.
    Raises:
        DataError: there are several such columns, or the file is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            found = [name for name in schema.names if holds_pictures(schema.field(name).type)]
            if not found:
                return None
            likely = [
                name for name in found if name.lower() in ("image", "img", "picture", "jpg", "png", "bytes")
            ]
            if len(found) > 1 and len(likely) != 1:
                raise DataError(
                    f"{one_line(path)}: must have one column with the bytes of pictures, got "
                    f"{one_line(', '.join(found))}; call it 'image'"
                )
            column = (likely or found)[0]
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
            names: list[str | None] = [None] * sum(sizes)
            kind = schema.field(column).type
            if pa.types.is_struct(kind) and kind.get_field_index("path") >= 0:
                table = file.read(columns=[f"{column}.path"])
                names = [None if v is None else v["path"] for v in table.column(column).to_pylist()]
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"{one_line(path)}: is no valid Parquet file ({one_line(error)[:200]})") from error
    except OSError as error:
        raise DataError(f"{one_line(path)}: is damaged ({one_line(error)[:200]})") from error
    return column, np.cumsum([0, *sizes]).tolist(), names


def _is_binary(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
