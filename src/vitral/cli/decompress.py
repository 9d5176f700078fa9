"""`vitral decompress FILES -o OUT`: pictures back from `.vtl` files, as PNG."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import numpy as np
import typer

from vitral.cli.many_files import Job, Tally, jobs
from vitral.cli.model_for import model_for
from vitral.cli.say import answer, line, people
from vitral.codec import read_header
from vitral.core import DataError, FileFormatError, VitralError
from vitral.data import one_line
from vitral.saved import Model
from vitral.saved.find_model import find_model, short_digest
from vitral.train import use_threads

if TYPE_CHECKING:
    from vitral.tasks.compress import Decoded

_HEAD_BYTES = 64
_MOST_NAMED = 10
# Beyond what any picture of the largest size can come to.
_MOST_FILE_BYTES = 2**30


def decompress(
    files: Annotated[list[str], typer.Argument(help="The .vtl files, or folders of them.", metavar="FILES")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the pictures, as PNG")],
    model: Annotated[
        Path | None,
        typer.Option("--model", help="Run folder or model file [default: found by the digest in the files]"),
    ] = None,
    rescue: Annotated[
        bool, typer.Option("--rescue", help="Of damaged files give what is left, the rest in grey")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads [default: all]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Give back the pictures in .vtl files, as PNG."""
    console = people()
    use_threads(threads)
    ready = jobs(files, out, listed=_listed, suffix=".png", overwrite=overwrite)
    models = _Models(model, [job.source for job in ready])
    damaged: list[dict[str, object]] = []

    def each(job: Job) -> tuple[int, int]:
        """One file; see `Tally.run`."""
        data = _read(job.source)
        made = models.decoded(data, rescue=rescue)
        job.write(lambda file: _write_png(made, file))
        if made.damaged or made.alpha_lost:
            tiles = [list(tile) for tile in made.damaged]
            damaged.append({"file": str(job.source), "tiles": tiles, "alpha": made.alpha_lost})
        return made.pixels.shape[0], made.pixels.shape[1]

    tally = Tally(console=console, total=len(ready), verb="giving pictures back", backwards=True)
    tally.run(ready, each)
    for one in damaged[:_MOST_NAMED]:
        line(console, "rescued", _what_is_lost(one), style="yellow")
    if len(damaged) > _MOST_NAMED:
        line(console, "rescued", f"and {len(damaged) - _MOST_NAMED:,} more", style="yellow")
    tally.tell("given back", out)
    if json:
        answer({"task": "compress", "out": str(out)} | tally.to_json() | {"damaged": damaged})
    return 1 if tally.failed else 0


class _Models:
    """The model of each file: the one that was named, or the one that its digest leads to.

    Args:
        named: run folder or model file; None: by digest.
        files: all that will be read; whether each has its model is found out before the first.
    Raises:
        FileFormatError: a model was not found.
    """

    def __init__(self, named: Path | None, files: list[Path]) -> None:
        self._loaded: dict[bytes, Model] = {}
        self._named = None if named is None else _loaded(named)
        self._places: dict[bytes, Path] = {}
        if named is None:
            folders = list(dict.fromkeys(file.parent for file in files))
            for file in files:
                self._find(file, folders)

    def decoded(self, data: bytes, *, rescue: bool) -> "Decoded":
        """The picture of one file."""
        from vitral.tasks.compress import Compress

        digest = read_header(data).digest
        model = self._named
        if model is None:
            if digest not in self._places:  # Its file was written anew since.
                raise FileFormatError(f"its model, {digest.hex()}, was not looked for")
            if digest not in self._loaded:
                # One at a time, because a folder may hold pictures of many models.
                self._loaded = {digest: _loaded(self._places[digest])}
            model = self._loaded[digest]
        assert isinstance(model.task, Compress)
        return model.task.decode(model.module, data, digest=short_digest(model.digest), rescue=rescue)

    def _find(self, file: Path, folders: list[Path]) -> None:
        if not file.is_file():  # A pipe would keep us waiting.
            return
        try:
            with file.open("rb") as opened:
                digest = read_header(opened.read(_HEAD_BYTES)).digest
        except (VitralError, OSError):
            return  # It is named and counted when it is read as a whole.
        if digest in self._places:
            return
        place = find_model(digest, folders)
        if place is None:
            raise FileFormatError(
                f"{one_line(file)}: was compressed with the model {digest.hex()}, which is neither in runs/ "
                "nor beside the file, nor where `vitral compress` used it last; name it with --model"
            )
        self._places[digest] = place


def _loaded(place: Path) -> Model:
    from vitral.tasks.compress import Compress

    return model_for(place, Compress, does="compresses", flag="--model")[0]


def _listed(folder: Path) -> Iterator[str]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".vtl" and path.is_file())
    if not found:
        raise DataError(f"{one_line(folder)}: holds no .vtl files")
    return (str(path.relative_to(folder)) for path in found)


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise FileFormatError("there is no such file")
    with path.open("rb") as file:
        data = file.read(_MOST_FILE_BYTES + 1)
    if len(data) > _MOST_FILE_BYTES:
        raise FileFormatError(f"has more than {_MOST_FILE_BYTES:,} bytes, which no .vtl file has")
    return data


def _write_png(made: "Decoded", file: BinaryIO) -> None:
    from PIL import Image

    levels = made.pixels[..., :1] if made.grey else made.pixels
    if made.alpha is not None:
        levels = np.dstack([levels, made.alpha])
    levels = np.ascontiguousarray(levels[..., 0] if levels.shape[2] == 1 else levels)
    Image.fromarray(levels).save(file, "PNG")


def _what_is_lost(one: dict[str, object]) -> str:
    tiles = one["tiles"]
    assert isinstance(tiles, list)
    named = ", ".join(f"({row}, {column})" for row, column in tiles[:_MOST_NAMED])
    more = f" and {len(tiles) - _MOST_NAMED:,} more" if len(tiles) > _MOST_NAMED else ""
    parts = [f"tiles {named}{more} are grey"] if tiles else []
    return f"{one['file']}: " + ", ".join([*parts, *(["its opacities are lost"] if one["alpha"] else [])])
