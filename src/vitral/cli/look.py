"""`vitral look FOLDER`: what is in this folder, before anything is trained on it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from vitral.cli.look_augment import Augmented, augmented, read_chain
from vitral.cli.look_model import Judged, judged
from vitral.cli.look_page import look_page
from vitral.cli.look_strip import Strips, checked_kind, strips
from vitral.cli.model_for import model_for
from vitral.cli.say import Reading, answer, line, people
from vitral.data import PictureSet, open_pictures
from vitral.data.findings import Findings
from vitral.data.look import look as look_at
from vitral.saved import Model
from vitral.tasks import TellsStrangeness

_MOST_NAMED, _MOST_STRANGE = 10, 5


def look(
    folder: Annotated[
        str, typer.Argument(help="Folder or table of pictures, or `digits` / `scenes`.", metavar="FOLDER")
    ],
    page: Annotated[Path, typer.Option("--page", help="Where to write the HTML page")] = Path("look.html"),
    augment: Annotated[
        str | None,
        typer.Option(
            "--augment",
            help="Draw what augmentation makes of some pictures: a preset (photos, digits, microscopy, "
            "satellite, documents, faces, none), perhaps with a strength in [0, 1] (photos:0.8; else 0.5), "
            "or a JSON file of an op",
            metavar="CHAIN",
        ),
    ] = None,
    strip: Annotated[
        str | None,
        typer.Option(
            "--strip",
            help="Draw what one op makes of some pictures, from nothing to strong: its name, such as rotate",
            metavar="OP",
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            help="Also rank the pictures by how unusual they are to this run or model file",
            metavar="M",
        ),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Processor threads")] = 2,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Look at a folder of pictures: classes, sizes, broken files, duplicates, leaks between splits."""
    console = people()
    chain = None if augment is None else read_chain(augment)
    kind = None if strip is None else checked_kind(strip)
    judge = None if model is None else _judge(model)
    pictures = open_pictures(folder)
    reading = Reading(console, "looking at pictures")
    try:
        findings = look_at(pictures, threads=threads, progress=reading)
    finally:
        reading.close()
    _print(console, findings)
    made = None if chain is None else augmented(chain, pictures, findings)
    over_strength = None if kind is None else strips(kind, pictures, findings)
    strange = None if judge is None or model is None else _judged(console, judge, model, pictures, threads)
    look_page(findings, pictures, made, over_strength, strange).write(page)
    told = {"page": str(page)} | _tell(console, made, over_strength, strange)
    line(console, "page", page)
    if json:
        answer(findings.to_json() | told)
    return 0


def _tell(
    console: Any, made: Augmented | None, over_strength: Strips | None, strange: Judged | None
) -> dict[str, Any]:
    """Say what was drawn besides the findings, and give the same as JSON values."""
    told: dict[str, Any] = {}
    if made is not None:
        told["augment"] = {"chain": made.chain.to_json(), "plan": made.plan}
        if made.left_out:
            told["augment"]["left_out"] = list(made.left_out)
        for text in made.left_out:
            line(console, "left out", text, style="yellow")
        for text in made.plan.splitlines():
            line(console, "plan", text.strip())
    if over_strength is not None:
        told["strip"] = over_strength.to_json()
        for text in over_strength.left_out if made is None else ():
            line(console, "left out", text, style="yellow")
    if strange is not None:
        told["strangeness"] = strange.to_json()
        for name in list(strange.scores)[:_MOST_STRANGE]:
            line(console, "strange", f"{name}  {strange.scores[name]:.4g} {strange.unit}")
    return told


def _judge(place: Path) -> Model:
    return model_for(place, TellsStrangeness, does="tells how unusual pictures are", flag="--model")[0]


def _judged(console: Any, judge: Model, place: Path, pictures: PictureSet, threads: int) -> Judged:
    reading = Reading(console, "judging pictures")
    try:
        return judged(judge, place, pictures, threads=threads, progress=reading)
    finally:
        reading.close()


def _print(console: Any, findings: Findings) -> None:
    line(console, "found", findings.found, style="dim")
    if findings.objects:
        console.print(_table("objects of class", findings.objects, unit="objects"))
    counts, title = findings.counts, "class"
    if findings.objects:  # Their classes need not be those of pictures.
        counts, title = {"(all)": counts[""]} if set(counts) == {""} else counts, "pictures"
    console.print(_table(title, counts))
    for name, text in {"sizes": _sizes(findings), **_facts(findings)}.items():
        line(console, name, text)
    for note in findings.notes:
        line(console, "note", note, style="yellow")
    for broken in findings.broken[:_MOST_NAMED]:
        line(console, "broken", str(broken), style="yellow")
    for group in findings.leaks[:_MOST_NAMED]:
        line(
            console,
            "leak",
            f"{' = '.join(group.keys[:4])} ({', '.join(sorted(set(group.splits)))})",
            style="yellow",
        )
    for group in findings.disagreements[:_MOST_NAMED]:
        line(console, "two labels", " = ".join(group.keys[:4]), style="yellow")


def _table(title: str, counts: dict[str, dict[str, int]], *, unit: str = "pictures") -> Any:
    """Counts of each class, one column a split."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2))
    splits = sorted({split for row in counts.values() for split in row})
    table.add_column(title)
    for split in splits:
        table.add_column(split or unit, justify="right")
    for name, row in counts.items():
        table.add_row(escape(name or "(no class)"), *(f"{row.get(split, 0):,}" for split in splits))
    return table


def _sizes(findings: Findings) -> str:
    height, width = findings.height_px, findings.width_px
    formats = ", ".join(f"{count:,} {name}" for name, count in findings.formats.items())
    return (
        f"{height[0]} x {width[0]} to {height[2]} x {width[2]} px, median {height[1]} x {width[1]}; {formats}"
    )


def _facts(findings: Findings) -> dict[str, str]:
    exact = sum(1 for group in findings.alike if group.exact)
    return {
        "mean": " / ".join(f"{value:.3f}" for value in findings.mean),
        "deviation": " / ".join(f"{value:.3f}" for value in findings.std),
        "broken": f"{len(findings.broken):,}",
        "alike": f"{exact:,} groups of equal pictures, {len(findings.alike) - exact:,} of nearly equal ones",
        "leaks": f"{len(findings.leaks):,} groups lie in more than one split",
    }
