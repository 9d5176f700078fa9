"""`vitral evaluate RUN FOLDER`: judge a model on pictures it has not seen."""

from pathlib import Path
from typing import Annotated, Any

import typer

from vitral.cli.say import Reading, answer, line, people
from vitral.core import choose_device
from vitral.report import Page
from vitral.saved import Model
from vitral.train import Evaluated, evaluate_model, per_class, pictures_for, some_of, worst_mistakes


def evaluate(
    run: Annotated[Path, typer.Argument(help="Run folder or model file.", metavar="RUN")],
    folder: Annotated[str, typer.Argument(help="Pictures with their right answers.", metavar="FOLDER")],
    split: Annotated[
        str | None, typer.Option(help="train, val, test or all [default: test when there is one, else all]")
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="Also write an HTML page with the mistakes")
    ] = None,
    judge: Annotated[
        Path | None,
        typer.Option(help="A classifier that is asked about the answers, of models that make pictures"),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads [default: all]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Judge a model on pictures it has not seen."""
    console = people()
    model = Model.load(run, device=choose_device("auto").value)
    asked = None if judge is None else Model.load(judge, device=choose_device("auto").value)
    pictures = pictures_for(model, folder)
    reading, judging = Reading(console), Reading(console, "judging pictures")
    try:
        judged = evaluate_model(
            model, pictures, split=split, threads=threads, reading=reading, judging=judging, judge=asked
        )
    finally:
        reading.close()
        judging.close()
    _print(console, model, judged)
    if page is not None:
        _page(model, judged).write(page)
        line(console, "page", page)
    if json:
        head = {"task": model.task.kind, "pictures": len(judged.pictures), "skipped": len(judged.skipped)}
        answer(head | {"split": judged.split, "left_out": [str(b) for b in judged.skipped]} | judged.figures)
    return 0


def _print(console: Any, model: Model, judged: Evaluated) -> None:
    from rich.markup import escape
    from rich.table import Table

    figures = judged.figures
    words = f"{len(judged.pictures):,} pictures ({'whole folder' if judged.split == 'all' else judged.split})"
    line(console, "judged on", words, style="dim")
    for skipped in judged.skipped[:10]:
        line(console, "left out", skipped, style="yellow")
    if len(judged.skipped) > 10:
        line(console, "", f"and {len(judged.skipped) - 10:,} more", style="yellow")
    for name, value in figures.items():
        if isinstance(value, float):
            shown = f"{value:.2%}" if name in model.task.shares else f"{value:.4f}"
            line(console, name.replace("_", " "), shown)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            _table(console, name, value)
    if "per_class" in figures:
        table = Table("class", box=None, padding=(0, 2))
        first = next(iter(figures["per_class"].values()), {})
        for column in first:
            table.add_column(column, justify="right")
        for name, row in figures["per_class"].items():
            table.add_row(escape(name), *map(_cell, row.values()))
        console.print(table)


def _cell(value: Any) -> str:
    if value is None:  # of a class that has no say
        return "-"
    return f"{value:.1%}" if isinstance(value, float) else f"{value:,}"


def _table(console: Any, name: str, rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(title=name.replace("_", " "), box=None, padding=(0, 2), title_justify="left")
    for column in rows[0]:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*(f"{v:,.4g}" if isinstance(v, float) else str(v) for v in row.values()))
    console.print(table)


def _page(model: Model, judged: Evaluated) -> Page:
    figures = judged.figures
    page = Page(f"{model.task.kind}: judged on {judged.pictures.name}", subtitle=judged.pictures.found)
    page.facts({n.replace("_", " "): f"{v:.4f}" for n, v in figures.items() if isinstance(v, float)})
    for name, value in figures.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            page.table(value, title=name.replace("_", " "))
    for chart in model.task.charts(figures):
        page.curves(chart.series, title=chart.title, x_label=chart.x_label, y_label=chart.y_label)
    per_class(page, model, figures)
    if model.task.needs != "label":
        page.heading("What it makes of them")
        shown = some_of(judged.pictures, model.task.shown_at_once)
        page.gallery(model.task.pictures(model.module, shown))
        return page
    worst = worst_mistakes(model, judged.pictures)
    if worst:
        page.heading("The most confident mistakes")
        page.gallery(worst)
    return page
