"""`vitral sample RUN -o OUT`: new pictures from a generator."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import typer
from numpy.typing import NDArray

from vitral.cli.say import answer, line, people
from vitral.core import DataError, atomic_write, choose_device
from vitral.data import one_line
from vitral.saved import Model
from vitral.train import use_threads

if TYPE_CHECKING:
    from vitral.tasks.generate import Generate, GenerateModel

_MOST_IN_GRID = 400
DEFAULT_TEMPERATURE = 0.8
"""Digits of the asked class are drawn more often than at 1, and still differ nearly as real ones do."""
_GRID_NAME = "grid.png"


def sample(
    run: Annotated[Path, typer.Argument(help="Run folder or model file.", metavar="RUN")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the pictures, as PNG")],
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
    from vitral.tasks.generate import asked_labels, drawn_in_order, to_levels

    console = people()
    use_threads(threads)
    module, _ = generator(run, "sample")
    labels = asked_labels(module, number, name=name, prior=prior)
    digits = max(4, len(str(number)))
    targets = [out / f"{n + 1:0{digits}}.png" for n in range(number)]
    _check_free(out, [*targets, out / _GRID_NAME], overwrite=overwrite)
    shown: list[NDArray[np.uint8]] = []
    done = 0
    for made in drawn_in_order(module, labels, prior=prior, temperature=temperature, seed=seed):
        for pixels in to_levels(made):
            write_png(targets[done], pixels, grey=made.shape[1] == 1)
            shown += [pixels] if len(shown) < _MOST_IN_GRID else []
            done += 1
    columns = _columns(module, labels.tolist(), len(shown))
    _write_grid(out / _GRID_NAME, shown, columns, grey=module.network.shape[0] == 1)
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


def generator(run: Path, command: str) -> "tuple[GenerateModel, Generate]":
    """Load a generator and its task.

    Args:
        run: run folder or model file.
        command: that needs it, for the message.
    Raises:
        DataError: a model of another task.
    """
    from vitral.tasks.generate import Generate, GenerateModel

    model = Model.load(run, device=choose_device("auto").value)
    if not isinstance(model.module, GenerateModel) or not isinstance(model.task, Generate):
        raise DataError(
            f"{one_line(run)}: {command} needs a model of `vitral train generate`, got {model.task.kind}"
        )
    return model.module, model.task


def write_png(path: Path, pixels: NDArray[np.uint8], *, grey: bool) -> None:
    """Write pixels, h x w x 3, as a PNG; of grey ones one channel."""
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(pixels[..., 0]) if grey else pixels)
    atomic_write(path, lambda file: picture.save(file, "PNG"))


def _check_free(out: Path, targets: list[Path], *, overwrite: bool) -> None:
    if out.exists() and not out.is_dir():
        raise DataError(f"--out {one_line(out)}: must be a folder, got a file")
    there = [target for target in targets if target.exists()]
    if there and not overwrite:
        more = f" and {len(there) - 1:,} more files" if len(there) > 1 else ""
        are = "are" if more else "is"
        raise DataError(f"{one_line(there[0])}{more} {are} there already; --overwrite replaces them")


def _columns(module: "GenerateModel", labels: list[int], count: int) -> int:
    """A column for each class where they come in turn, else about a square."""
    classes = len(module.facts.classes)
    if len(set(labels)) > 1 and classes <= 20:
        return min(classes, count)
    return max(1, round(count**0.5))


def _write_grid(path: Path, shown: list[NDArray[np.uint8]], columns: int, *, grey: bool) -> None:
    from vitral.tasks.generate import grid

    write_png(path, grid(shown, columns), grey=grey)
