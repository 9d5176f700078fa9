"""`Shard`: one file of a packed set: its index in memory, its pictures where they are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitral.core import IGNORE, DataError, FileFormatError, ImageError
from vitral.data.byte_file import ByteFile, MappedFile
from vitral.data.objects import Objects
from vitral.data.one_line import one_line
from vitral.data.packed.layout import MAGIC, Extents, byte_columns
from vitral.data.packed.marked_rows import objects_of
from vitral.data.packed.schema import BYTES, RAW, Row, read_header


class Shard:
    """One Arrow file of a packed set.

    Everything but pictures and masks is read when it is opened; those are read from where they lie,
    and checked against the row's checksum the first time.

    Attributes:
        header: what the file says of its set.
        keys: relative path of each picture.
        sizes: height and width of each picture, upright.
        labels: class number of each, `core.IGNORE` without.
        splits: the split of each, "" without.
        weights: of each, NaN without.
        objects: what is marked in all of them; None: nothing.

    Raises:
        FileFormatError: the file is damaged, foreign, or of a newer version.
        DataError: it cannot be read.
    """

    def __init__(self, file: ByteFile) -> None:
        self.file = file
        try:
            self._open()
        except (FileFormatError, DataError):
            raise
        except Exception as error:  # On a damaged file a library may raise anything.
            reason = str(error).partition("\n")[0] or type(error).__name__
            raise FileFormatError(f"{one_line(file.name)}: is damaged ({one_line(reason)})") from error

    def _open(self) -> None:
        table = self._index()
        self._pictures, self._masks = byte_columns(self.file, len(BYTES))
        if len(self._pictures.starts) != len(table):
            raise ValueError("its index and its pictures differ in number")
        self.keys: list[str] = table["key"].to_pylist()
        self.sizes: NDArray[np.int64] = np.stack(
            [_numbers(table, "height"), _numbers(table, "width")], axis=1
        )
        if (self.sizes < 1).any():
            raise ValueError("a picture has no pixels")
        self.labels = _numbers(table, "label", missing=IGNORE)
        self.splits: list[str] = table["split"].to_pylist()
        self.weights = table["weight"].to_numpy().astype(np.float64)
        self._formats: list[str] = table["format"].to_pylist()
        self._names: list[str | None] = table["class"].to_pylist()
        self._checksums = _numbers(table, "checksum")
        # As arrays: a million lists of small numbers would fill the memory.
        restarts = table["restarts"].combine_chunks()
        self._restart_ends = np.cumsum(restarts.value_lengths().fill_null(0).to_numpy(), dtype=np.int64)
        self._restarts = restarts.flatten().fill_null(0).to_numpy().copy()
        self.objects: Objects | None = objects_of(table)
        self._checked = np.zeros(len(table), dtype=np.bool_)

    def __len__(self) -> int:
        return len(self.keys)

    def format(self, row: int) -> str:
        """What the bytes of a picture are: "jpeg", "png", "raw" ..."""
        return self._formats[row]

    def restarts(self, row: int) -> tuple[int, ...]:
        """Where the rows of blocks of a picture begin; empty when they cannot be told."""
        start, end = self._restart_ends[row - 1] if row else 0, self._restart_ends[row]
        return tuple(self._restarts[start:end].tolist())

    def picture(self, row: int) -> bytes | memoryview:
        """The bytes of a picture; of a file on disk a view into it.

        Raises:
            ImageError: the row is damaged; the text names file, row and key.
        """
        if not self._checked[row]:
            self.verify(row)
        return self._part(row, self._pictures)

    def pixels(self, row: int) -> NDArray[np.uint8]:
        """The pixels of a raw picture; of a file on disk a view into it.

        Raises:
            ImageError: the row is damaged.
        """
        data, (height, width) = self.picture(row), self.sizes[row].tolist()
        if len(data) != height * width * 3:
            raise ImageError(f"{self.name(row)}: has {len(data):,} bytes for {width} x {height} pixels")
        return np.frombuffer(data, dtype=np.uint8).reshape(height, width, 3)

    def mask(self, row: int) -> bytes | memoryview | None:
        """The bytes of a mask; None without one.

        Raises:
            ImageError: the row is damaged.
        """
        if not self._checked[row]:
            self.verify(row)
        return self._part(row, self._masks) if self._masks.lengths[row] else None

    def verify(self, row: int) -> None:
        """Compare a row with its checksum.

        Raises:
            ImageError: they differ; the text names file, row and key.
        """
        if self.row(row).checksum() != self._checksums[row]:
            raise ImageError(f"{self.name(row)}: is damaged: its checksum is wrong")
        self._checked[row] = True

    def name(self, row: int) -> str:
        """What to call a row in a message."""
        return f"{one_line(self.file.name)}, row {row} ({one_line(self.keys[row])})"

    def row(self, row: int) -> Row:
        """Everything in a row, not checked."""
        size = self.sizes[row].tolist()
        weight = float(self.weights[row])
        return Row(
            key=self.keys[row],
            picture=self._part(row, self._pictures),
            format=self._formats[row],
            size=(size[0], size[1]),
            label=int(self.labels[row]),
            name=self._names[row] or "",
            split=self.splits[row],
            weight=None if weight != weight else weight,
            mask=self._part(row, self._masks) if self._masks.lengths[row] else None,
            objects=None if self.objects is None else self.objects.of(row),
            restarts=self.restarts(row),
        )

    def is_raw(self, row: int) -> bool:
        """Whether a picture is stored as pixels."""
        return self._formats[row] == RAW

    def _part(self, row: int, places: Extents) -> bytes | memoryview:
        if isinstance(self.file, MappedFile) and not self.file.still_whole():
            raise ImageError(f"{self.name(row)}: the file became shorter since it was opened")
        return self.file.read(int(places.starts[row]), int(places.lengths[row]))

    def _index(self) -> Any:
        """All columns but those of bytes, checked in full."""
        import pyarrow as pa

        if self.file.size < len(MAGIC) or bytes(self.file.read(0, len(MAGIC))) != MAGIC:
            raise FileFormatError(f"{one_line(self.file.name)}: is no Arrow file")
        if isinstance(self.file, MappedFile):
            source: Any = pa.BufferReader(pa.py_buffer(self.file.whole))
        else:
            source = pa.PythonFile(self.file.open())
        schema = pa.ipc.open_file(source).schema
        self.header, names = read_header(schema, self.file.name), schema.names
        small = [number for number, name in enumerate(names) if name not in BYTES]
        reader = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=small))
        batches = [reader.get_batch(number) for number in range(reader.num_record_batches)]
        for batch in batches:
            batch.validate(full=True)
        return pa.Table.from_batches(batches, schema=reader.schema)


def _numbers(table: Any, name: str, missing: int = 0) -> NDArray[np.int64]:
    column = table[name]
    if column.null_count:
        column = column.fill_null(missing)
    return column.to_numpy().astype(np.int64)
