"""`vitral encode RUN FOLDER -o OUT`: every picture of a folder as a point, in a Parquet table."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import numpy as np
import torch
import typer

from vitral.cli.free_places import check_out_file
from vitral.cli.model_for import model_for
from vitral.cli.say import Reading, answer, line, people
from vitral.core import IGNORE, Batch, DataError, ImageError, atomic_write
from vitral.data import PictureSet, one_line, shrunk
from vitral.saved import Model
from vitral.train import pictures_for, use_threads

if TYPE_CHECKING:
    import pyarrow as pa

_AT_ONCE = 64
_ROWS_IN_GROUP = 4096
_MOST_NUMBERS_IN_GROUP = 2**23
_MOST_NAMED = 10


def encode(
    run: Annotated[Path, typer.Argument(help="Run folder or model file.", metavar="RUN")],
    folder: Annotated[str, typer.Argument(help="Pictures, labelled or not.", metavar="FOLDER")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The table, a Parquet file")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads [default: all]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Write the latent of every picture into a table: key, label, split, latent."""
    from vitral.tasks.points import GivesPoints

    check_out_file(out, overwrite=overwrite)
    console = people()
    use_threads(threads)
    model, _ = model_for(run, GivesPoints, does="turns pictures into points")
    pictures = pictures_for(model, folder)
    line(console, "found", pictures.found, style="dim")
    if len(pictures) == 0:
        raise DataError(f"{one_line(folder)}: holds no pictures")
    writing = _Writing(model, pictures, Reading(console, "encoding pictures"))
    try:
        atomic_write(out, writing)
    finally:
        writing.reading.close()
    for reason in writing.broken[:_MOST_NAMED]:
        line(console, "left out", reason, style="yellow")
    if len(writing.broken) > _MOST_NAMED:
        line(console, "left out", f"and {len(writing.broken) - _MOST_NAMED:,} more", style="yellow")
    what = "1 picture" if writing.rows == 1 else f"{writing.rows:,} pictures"
    line(console, "encoded", f"{what} as {writing.width:,} numbers each: {out}")
    if json:
        told = {"pictures": writing.rows, "latents": writing.width, "skipped": len(writing.broken)}
        answer({"task": model.task.kind, "out": str(out)} | told | {"left_out": writing.broken})
    return 0


class _Writing:
    """Writes the table, some rows at a time, so that memory does not grow with the folder.

    Args:
        model: of a task that gives points.
        pictures: to encode.
        reading: the progress bar.
    """

    def __init__(self, model: Model, pictures: PictureSet, reading: Reading) -> None:
        self._model, self._pictures, self.reading = model, pictures, reading
        self.broken: list[str] = []
        self.rows, self.width = 0, 0

    def __call__(self, file: BinaryIO) -> None:
        """Write everything to an open file.

        Raises:
            DataError: no picture could be read.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq  # here, because it takes half a second to import

        writer: Any = None
        waiting: list[pa.RecordBatch] = []
        try:
            for rows in self._encoded():
                writer = writer or pq.ParquetWriter(file, rows.schema, compression="zstd")
                waiting.append(rows)
                if sum(map(len, waiting)) >= self._rows_in_group:
                    writer.write_table(pa.Table.from_batches(waiting))
                    waiting = []
            if writer is None:
                count = len(self._pictures)
                raise DataError(f"none of the {count:,} pictures could be read: {self.broken[0]}")
            if waiting:
                writer.write_table(pa.Table.from_batches(waiting))
        finally:
            if writer is not None:
                writer.close()

    @property
    def _rows_in_group(self) -> int:
        return max(1, min(_ROWS_IN_GROUP, _MOST_NUMBERS_IN_GROUP // max(1, self.width)))

    def _encoded(self) -> "Iterator[pa.RecordBatch]":
        total = len(self._pictures)
        for start in range(0, total, _AT_ONCE):
            numbers, pixels = self._read(range(start, min(total, start + _AT_ONCE)))
            if numbers:
                points = self._points(numbers, pixels)
                self.rows, self.width = self.rows + len(points), points.shape[1]
                yield self._table(numbers, points)
            self.reading(min(total, start + _AT_ONCE), total)

    def _read(self, numbers: range) -> tuple[list[int], list[np.ndarray]]:
        """The pictures that can be read, shrunk as in training; the others are named."""
        side, read = self._model.task.short_side_px(), list[int]()
        pixels: list[np.ndarray] = []
        for number in numbers:
            try:
                pixels.append(shrunk(self._pictures.pixels(number), side))
                read.append(number)
            except ImageError as error:
                self.broken.append(one_line(error))
        return read, pixels

    @torch.inference_mode()
    def _points(self, numbers: list[int], pixels: list[np.ndarray]) -> np.ndarray:
        from vitral.tasks.points import GivesPoints

        task, module = self._model.task, self._model.module
        assert isinstance(task, GivesPoints)
        keys = tuple(self._pictures.keys[n] for n in numbers)
        batch = Batch.loose(pixels, indices=numbers, keys=keys)
        batch = self._model.task.augmentation(module.facts, train=False)(batch)
        assert batch.inputs is not None
        device = next(module.parameters()).device
        return task.points(module, batch.inputs.to(device)).float().cpu().numpy()

    def _table(self, numbers: list[int], points: np.ndarray) -> "pa.RecordBatch":
        import pyarrow as pa

        pictures = self._pictures
        labels = pictures.labels[numbers].tolist()
        # A folder without splits is taken whole, and then all of it is called train.
        unsplit = pictures.split_by == "none"
        splits = [""] * len(numbers) if unsplit else pictures.splits[numbers].tolist()
        named = [pictures.classes[label] if label != IGNORE else None for label in labels]
        latent = pa.FixedSizeListArray.from_arrays(
            pa.array(np.ascontiguousarray(points).reshape(-1), pa.float32()), points.shape[1]
        )
        columns = {
            "key": pa.array([_text(pictures.keys[n]) for n in numbers], pa.string()),
            "label": pa.array([None if name is None else _text(name) for name in named], pa.string()),
            "split": pa.array([split or None for split in splits], pa.string()),
            "latent": latent,
        }
        return pa.RecordBatch.from_pydict(columns)


def _text(name: str) -> str:
    """A file name as valid text: bytes that are no UTF-8 are written as escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
