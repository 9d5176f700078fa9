"""`vitral predict RUN PICTURES`: answers for new pictures, as a table or as JSON."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from vitral.cli.free_places import check_out_folder
from vitral.cli.predicted import Told, check_names, predicted, write_files
from vitral.cli.say import answer, line, people
from vitral.core import DataError, OptionError, choose_device, did_you_mean
from vitral.data import open_pictures
from vitral.saved import Model
from vitral.tasks import Answered, WritesAnswers
from vitral.train import use_threads


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
    if format is not None:
        check_names(model.task, format, names.values())
    broken: list[str] = []
    told = Told(names, json=json, page=out is not None)
    answers = _told(told, predicted(model, names, broken))
    first = next(answers, None)
    if first is None:
        reason = broken[0] if broken else "there is none"
        raise DataError(f"none of the {len(names):,} pictures could be read: {reason}")
    answers = chain([first], answers)
    del first
    if out is not None and format is not None:
        count = write_files(model, answers, out, format, overwrite=overwrite)
        line(
            console,
            "written",
            f"{count:,} {'file' if count == 1 else 'files'} of the format {format} to {out}",
        )
    for _ in answers:
        pass  # Each is told as it comes.
    if out is not None:
        told.page(f"{model.task.kind}: {told.count:,} pictures").write(out / "index.html")
        line(console, "page", out / "index.html")
    if json:
        answer(
            {
                "task": model.task.kind,
                "pictures": told.count,
                "skipped": len(broken),
                "predictions": told.rows,
                "left_out": broken,
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


def _told(told: Told, answers: Iterator[tuple[Path, Answered]]) -> Iterator[Answered]:
    """Tell each answer when it is asked for."""
    for file, one in answers:
        told.tell(file, one)
        yield one
