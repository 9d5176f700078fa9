"""`vitral predict RUN PICTURES`: answers for new pictures, as a table or as JSON."""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import numpy as np
import typer

from vitral.cli.free_places import check_free, check_out_folder
from vitral.cli.say import answer, line, people
from vitral.core import DataError, ImageError, OptionError, atomic_write, choose_device, did_you_mean
from vitral.data import decode, one_line, open_pictures
from vitral.saved import Model
from vitral.tasks import Answered, WritesAnswers
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
    format: Annotated[
        str | None,
        typer.Option(help="Write answers as files of this format into --out, such as png, coco, yolo or csv"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads [default: all]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Answer for new pictures, as a table or as JSON."""
    console = people()
    if out is not None:
        check_out_folder(out)
    use_threads(threads)
    model = Model.load(run, device=choose_device("auto").value)
    _check_format(model, format, out)
    names = dict(_files(pictures))
    files = list(names)
    if format is not None:
        _check_names(names.values())
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
    if out is not None and format is not None:
        count = _write(model, [(names[file], file, one) for file, one in answers], out, format, overwrite)
        line(
            console,
            "written",
            f"{count:,} {'file' if count == 1 else 'files'} of the format {format} to {out}",
        )
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


def _files(places: list[str]) -> Iterator[tuple[Path, str]]:
    """Each picture with the name under which its answer is written."""
    for place in places:
        path = Path(place)
        if not path.is_dir():
            yield path, path.name
            continue
        found = open_pictures(place, validation=0.0, test=0.0)
        for i in range(len(found)):
            file = found.path(i)
            if file is not None:
                yield file, found.keys[i]


def _check_format(model: Model, format: str | None, out: Path | None) -> None:
    if format is None:
        return
    task = model.task
    if not isinstance(task, WritesAnswers):
        raise OptionError(f"--format: must go with a task that writes files, got a model of {task.kind!r}")
    if format not in task.formats:
        near = did_you_mean(format, task.formats)
        raise OptionError(f"--format: must be one of {', '.join(task.formats)}, got {format!r}{near}")
    if out is None:
        raise OptionError("--format: must go with --out FOLDER, into which the files are written")


def _write(
    model: Model, answers: list[tuple[str, Path, Any]], out: Path, format: str, overwrite: bool
) -> int:
    """Write the answers as files of a format, and count the files."""
    assert isinstance(model.task, WritesAnswers)
    ready = (
        Answered(name=name, pixels=decode(file, name=str(file)), answer=one) for name, file, one in answers
    )
    done: set[str] = set()
    for name, content in model.task.written(model.module, ready, format):
        target = out / name
        check_free([target], overwrite=overwrite)
        target.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(target, content)
        done.add(name)
    return len(done)


def _check_names(names: Iterable[str]) -> None:
    """Refuse pictures whose answers would get one name, before any work is done.

    Raises:
        DataError: two names are alike but for their endings or their case.
    """
    stems: dict[str, str] = {}
    for name in names:
        stem = str(PurePosixPath(name).with_suffix("")).casefold()
        if stem in stems:
            raise DataError(
                f"--format: the answers for {one_line(stems[stem])} and {one_line(name)} would get one name; "
                f"give one of them to another --out"
            )
        stems[stem] = name


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
