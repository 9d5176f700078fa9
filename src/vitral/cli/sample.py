"""`vitral sample RUN -o OUT`: new pictures from a generator."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import typer
from numpy.typing import NDArray

from vitral.cli.free_places import check_free, check_out_folder
from vitral.cli.model_for import model_for
from vitral.cli.say import Reading, answer, line, people
from vitral.core import atomic_write
from vitral.train import use_threads

if TYPE_CHECKING:
    from vitral.tasks.generate import GenerateModel

_MOST_IN_GRID = 400
DEFAULT_TEMPERATURE = 0.8
"""Digits of the asked class are drawn more often than at 1, and still differ nearly as real ones do."""
_GRID_NAME = "grid.png"


def sample(
    run: Annotated[Path, typer.Argument(help="Run folder or model file.", metavar="RUN")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the pictures, as PNG")] = Path(
        "samples"
    ),
    number: Annotated[int, typer.Option("--number", "-n", min=1, max=1_000_000, help="How many")] = 64,
    name: Annotated[
        str | None, typer.Option("--class", help="The class to draw [default: each in turn]")
    ] = None,
    temperature: Annotated[
        float, typer.Option(min=0, max=10, help="Below 1 more usual pictures, above 1 stranger ones")
    ] = DEFAULT_TEMPERATURE,
    seed: Annotated[int, typer.Option(min=0, help="Another number gives other pictures")] = 0,
    prior: Annotated[
        Literal["standard", "mixture"],
        typer.Option(help="standard: as trained; mixture: fitted to the latents of training pictures"),
    ] = "standard",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads [default: all]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Draw new pictures with a generator; they are numbered, and grid.png shows them together."""
    from vitral.tasks.generate import (
        Generate,
        GenerateModel,
        asked_labels,
        drawn_in_order,
        grid,
        to_levels,
    )

    console = people()
    use_threads(threads)
    module = model_for(run, Generate, does="draws pictures")[0].module
    assert isinstance(module, GenerateModel)
    labels = asked_labels(module, number, name=name, prior=prior)
    digits = max(4, len(str(number)))
    targets = [out / f"{n + 1:0{digits}}.png" for n in range(number)]
    check_out_folder(out)
    check_free([*targets, out / _GRID_NAME], overwrite=overwrite)
    made = drawn_in_order(module, labels, prior=prior, temperature=temperature, seed=seed)
    pixels = (one for some in made for one in to_levels(some))
    grey = module.network.shape[0] == 1
    shown = _write_all(zip(targets, pixels, strict=True), number, grey=grey, overwrite=overwrite)
    sheet = grid(shown, _columns(module, labels.tolist(), len(shown)))
    write_png(out / _GRID_NAME, sheet, grey=grey, overwrite=overwrite)
    classes = module.facts.classes
    what = "1 picture" if number == 1 else f"{number:,} pictures"
    how = f"{prior} prior, temperature {temperature:g}, seed {seed}"
    line(console, "drawn", f"{what} to {out}, {how}")
    if json:
        rows = [
            {"picture": str(target), "class": classes[label] if label >= 0 else None}
            for target, label in zip(targets, labels.tolist(), strict=True)
        ]
        settings = {"temperature": temperature, "seed": seed, "prior": prior}
        answer({"task": "generate", "out": str(out)} | settings | {"pictures": number, "drawn": rows})
    return 0


def write_png(path: Path, pixels: NDArray[np.uint8], *, grey: bool, overwrite: bool) -> None:
    """Write pixels, h x w x 3, as a PNG; of grey ones one channel.

    Raises:
        DataError: a file is there, and must not be replaced.
    """
    from PIL import Image

    check_free([path], overwrite=overwrite)
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., 0]) if grey else pixels)
    atomic_write(path, lambda file: picture.save(file, "PNG"))


def _write_all(
    pictures: Iterable[tuple[Path, NDArray[np.uint8]]], number: int, *, grey: bool, overwrite: bool
) -> list[NDArray[np.uint8]]:
    """Write every picture as it is drawn; gives those that the grid shows."""
    drawing, done = Reading(people(), "drawing pictures"), 0
    shown: list[NDArray[np.uint8]] = []
    try:
        for path, pixels in pictures:
            write_png(path, pixels, grey=grey, overwrite=overwrite)
            shown += [pixels] if done < _MOST_IN_GRID else []
            done += 1
            drawing(done, number)
    except BaseException as stop:
        if done and not isinstance(stop, Exception):  # Ctrl-C or SIGTERM.
            stop.args = (f"{done:,} of {number:,} pictures are done and kept",)
        raise
    finally:
        drawing.close()
    return shown


def _columns(module: "GenerateModel", labels: list[int], count: int) -> int:
    """A column for each class where they come in turn, else about a square."""
    classes = len(module.facts.classes)
    if len(set(labels)) > 1 and classes <= 20:
        return min(classes, count)
    return max(1, round(count**0.5))
