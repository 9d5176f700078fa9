"""`vitral predict RUN PICTURES`: answers for new pictures, as a table or as JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from vitral.cli.say import answer, line, people
from vitral.core import DataError, ImageError, choose_device
from vitral.data import decode, one_line, open_pictures
from vitral.saved import Model
from vitral.train import use_threads

_AT_ONCE = 64


def predict(
    run: Annotated[Path, typer.Argument(help="Run folder or model file.", metavar="RUN")],
    pictures: Annotated[
        list[str], typer.Argument(help="Picture files, or folders of them.", metavar="PICTURES")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Also write the answers to a page in this folder")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads [default: all]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Answer for new pictures, as a table or as JSON."""
    console = people()
    if out is not None and out.is_file():
        raise DataError(f"--out {out}: must be a folder, got a file")
    use_threads(threads)
    model = Model.load(run, device=choose_device("auto").value)
    files = list(_files(pictures))
    answers: list[tuple[Path, Any]] = []
    broken: list[tuple[Path, str]] = []
    for start in range(0, len(files), _AT_ONCE):
        some = _decoded(files[start : start + _AT_ONCE], broken)
        found = model.predict([pixels for _, pixels in some]) if some else []
        answers += [(file, one) for (file, _), one in zip(some, found, strict=True)]
    _print(answers, broken, to_stdout=not json)
    if not answers:
        first = broken[0][1] if broken else "there is none"
        raise DataError(f"none of the {len(files):,} pictures could be read: {first}")
    if out is not None:
        _page(model, answers, out)
        line(console, "page", out / "index.html")
    if json:
        rows = [{"picture": str(file)} | one.to_json() for file, one in answers]
        answer(
            {
                "task": model.task.kind,
                "pictures": len(rows),
                "skipped": len(broken),
                "predictions": rows,
                "left_out": [reason for _, reason in broken],
            }
        )
    return 0


def _files(places: list[str]) -> Iterator[Path]:
    for place in places:
        path = Path(place)
        if not path.is_dir():
            yield path
            continue
        found = open_pictures(place, validation=0.0, test=0.0)
        for i in range(len(found)):
            file = found.path(i)
            if file is not None:
                yield file


def _decoded(files: list[Path], broken: list[tuple[Path, str]]) -> list[tuple[Path, np.ndarray]]:
    some: list[tuple[Path, np.ndarray]] = []
    for file in files:
        try:
            some.append((file, decode(file, name=str(file))))
        except ImageError as error:
            broken.append((file, str(error)))
    return some


def _print(answers: list[tuple[Path, Any]], broken: list[tuple[Path, str]], *, to_stdout: bool) -> None:
    from rich.console import Console
    from rich.markup import escape

    for _, reason in broken:
        line(people(), "left out", reason, style="yellow")
    if not to_stdout or not answers:
        return
    # A table is the command's result, so it goes to stdout and into pipes.
    console = Console()
    width = min(60, max(len(one_line(file)) for file, _ in answers))
    for file, one in answers:
        name = one_line(file)
        padding = " " * max(0, width - len(name))
        words = (
            f"[bold]{escape(one_line(one.headline()))}[/bold]  [dim]{escape(one_line(one.detail()))}[/dim]"
        )
        row = f"{escape(name)}{padding}  {words}"
        console.print(row, highlight=False, soft_wrap=True)


def _page(model: Model, answers: list[tuple[Path, Any]], out: Path) -> None:
    from vitral.report import Page

    page = Page(f"{model.task.kind}: {len(answers):,} pictures")
    shown = answers[:500]
    if len(answers) > len(shown):
        page.text(f"The first {len(shown)} of {len(answers):,}.")
    page.gallery([one.drawn(decode(file, name=str(file)), file.name) for file, one in shown])
    page.write(out / "index.html")
