"""`vitral demo`: train on the embedded pictures and show the result on one page."""

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from vitral.cli.say import Reading, answer, line, people
from vitral.core import DataError, VitralError
from vitral.data import open_pictures
from vitral.report import Page
from vitral.saved import Model
from vitral.tasks import Classify
from vitral.train import (
    Console,
    Evaluated,
    Run,
    Trained,
    evaluate_model,
    read_run,
    some_of,
    train,
    worst_mistakes,
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One training of the demo: which embedded set, how, and what to say about it."""

    data: str
    title: str
    words: str
    run: Run


PARTS = (
    Part(
        data="digits",
        title="Handwritten digits",
        words="1,797 digits of 8 x 8 pixels, scikit-learn's copy of the UCI set, split by a hash.",
        run=Run(task=Classify(size=16, flip=False, shift=1), data="digits", epochs=24, test=0.2),
    ),
    Part(
        data="scenes",
        title="Drawn scenes",
        words="Colored shapes on textured backgrounds, drawn by a program; the class is the largest shape.",
        run=Run(task=Classify(size=48), data="scenes", epochs=6),
    ),
)


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the page and the runs")] = Path("demo"),
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads [default: all]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Train on embedded pictures, offline, and show what was learned on one page."""
    console = people()
    page = Page("Vitral", subtitle="What it learned from its embedded pictures, on this machine, just now.")
    results: dict[str, Any] = {}
    for part in PARTS:
        console.print(
            f"\n[bold]{part.title}[/bold]  [dim]{part.words}[/dim]", highlight=False, soft_wrap=True
        )
        trained, judged = _carry_out(part, out, threads)
        if not trained.finished or trained.model is None or judged is None:
            console.print("[yellow]stopped[/yellow]  the demo was interrupted; run it again")
            return trained.exit_code
        _show(page, part, trained, trained.model, judged)
        results[part.data] = {
            "accuracy": judged.figures["accuracy"],
            "pictures": len(judged.pictures),
            "seconds": trained.seconds,
            "run": str(trained.folder),
        }
        console.print(
            f"[bold]{'accuracy':>10}[/bold]  {judged.figures['accuracy']:.2%} on {len(judged.pictures):,} "
            f"held-out pictures, trained in {trained.seconds:.0f} s",
            highlight=False,
        )
    page.write(out / "index.html")
    line(console, "open", (out / "index.html").resolve())
    if json:
        answer({"page": str(out / "index.html"), "parts": results})
    return 0


def _carry_out(part: Part, out: Path, threads: int | None) -> tuple[Trained, Evaluated | None]:
    console = people()
    folder = out / part.data
    _clear(part, folder)
    run = dataclasses.replace(part.run, threads=threads)
    pictures = open_pictures(part.data, validation=run.validation, test=run.test)
    watch, reading = Console(console), Reading(console)
    try:
        trained = train(run, pictures, out=folder, observers=(watch,), reading=reading)
    finally:
        watch.close()
        reading.close()
    judged = evaluate_model(trained.model, pictures, split="test", threads=threads) if trained.model else None
    return trained, judged


def _clear(part: Part, folder: Path) -> None:
    """Remove the run of an earlier demo, and nothing else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        ours = read_run(folder)[0].data == part.data and not folder.is_symlink()
    except VitralError:
        ours = False
    if not ours:
        raise DataError(
            f"{folder}: is not the run of an earlier demo, so it is left alone; "
            f"name another folder with --out"
        )
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise VitralError(f"{folder}: the last demo cannot be removed ({error.strerror})") from error


def _show(page: Page, part: Part, trained: Trained, model: Model, judged: Evaluated) -> None:
    page.heading(part.title)
    page.text(part.words)
    page.facts(
        {
            "accuracy on held-out pictures": f"{judged.figures['accuracy']:.2%}",
            "held-out pictures": f"{len(judged.pictures):,}",
            "training time": f"{trained.seconds:.0f} s",
            "the whole report": f"{trained.folder / 'report.html'}",
        }
    )
    shown = some_of(judged.pictures, 24)
    page.gallery(model.task.pictures(model.module, shown))
    page.confusion(judged.figures["confusion"], model.facts.classes)
    worst = worst_mistakes(model, judged.pictures, most=8)
    if worst:
        page.text("The most confident mistakes:")
        page.gallery(worst)
