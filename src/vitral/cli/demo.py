"""`vitral demo`: train on the embedded pictures and show the result on one page."""

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from vitral.cli.demo_page import shown
from vitral.cli.say import Reading, answer, line, people
from vitral.core import DataError, VitralError
from vitral.data import PictureSet, open_pictures
from vitral.nn import ResidualAutoencoder, ResidualPyramid, UNet
from vitral.report import Page
from vitral.tasks import Classify, Colorize, Compress, Detect, Generate, Segment
from vitral.train import Console, Evaluated, Run, Trained, evaluate_model, read_run, train


@dataclass(frozen=True, kw_only=True)
class Part:
    """One training of the demo.

    Args:
        name: of its run folder, and in the JSON.
        data: the embedded set.
        title: heading on the page.
        words: what the pictures are and what is made of them.
        run: how it is trained.
        judged: held-out pictures that are judged, evenly spread; None for all.
    """

    name: str
    data: str
    title: str
    words: str
    run: Run
    judged: int | None = None


# A tenth of the usual network: scenes are small, and a person waits.
_WAY_DOWN = ResidualPyramid(stem=16, widths=(32, 64, 96, 128), depths=(1, 1, 1, 1))
_SMALL = UNet(encoder=_WAY_DOWN, widths=(16, 32, 48, 64), dropout=0.0)
_SMALL_COARSE = UNet(encoder=_WAY_DOWN, widths=(48, 64), dropout=0.0)

PARTS = (
    Part(
        name="digits",
        data="digits",
        title="Handwritten digits",
        words="1,797 digits of 8 x 8 pixels, scikit-learn's copy of the UCI set, split by a hash.",
        run=Run(task=Classify(size=16, flip=False, shift=1), data="digits", epochs=20, test=0.2),
    ),
    Part(
        name="scenes",
        data="scenes",
        title="Drawn scenes",
        words="Colored shapes on textured backgrounds, drawn by a program; the class is the largest shape.",
        run=Run(task=Classify(size=48), data="scenes", epochs=6),
    ),
    Part(
        name="scenes-segmented",
        data="scenes",
        title="The class of every pixel",
        words="The same scenes with a mask of all shapes, the small ones too: a U-Net learns where each "
        "shape is, pixel by pixel.",
        run=Run(
            task=Segment(size=64, crop=64, network=_SMALL, zoom=1.2, light=0.1),
            data="scenes",
            epochs=5,
            batch=16,
        ),
    ),
    Part(
        name="scenes-detected",
        data="scenes",
        title="A box around every shape",
        words="The same scenes with a box around each shape: a U-Net learns where the middle of each is, "
        "and how far it reaches.",
        run=Run(
            task=Detect(size=64, network=_SMALL, zoom=(0.9, 1.15), stretch=1.05, light=0.1, confidence=0.4),
            data="scenes",
            epochs=6,
            batch=16,
        ),
    ),
    Part(
        name="scenes-colorized",
        data="scenes",
        title="Grey scenes in color",
        words="In these scenes color follows from what is drawn: a striped star has one hue, a dotted star "
        "another. Of held-out scenes the model sees lightness alone.",
        run=Run(
            task=Colorize(size=64, look=64, network=_SMALL_COARSE, crop=0.7, hints=0.0, light=0.0),
            data="scenes",
            epochs=5,
            batch=16,
        ),
    ),
    Part(
        name="digits-generated",
        data="digits",
        title="Digits that nobody wrote",
        words="A variational autoencoder learns how the digits are distributed: it decodes what it encoded, "
        "draws new ones of each class, and walks from one to another.",
        run=Run(task=Generate(k=16), data="digits", epochs=12, batch=32, test=0.2),
    ),
    Part(
        name="scenes-compressed",
        data="scenes",
        title="Scenes as small files",
        words="An autoencoder whose rounded latents are coded into files, header and all, beside JPEG, WebP "
        "and AVIF of the same held-out pictures.",
        run=Run(
            task=Compress(
                size=64, network=ResidualAutoencoder(latents=64, widths=(48, 64, 96), blocks=(1, 1, 1))
            ),
            data="scenes",
            epochs=9,
        ),
        judged=16,
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
        page.heading(part.title).text(part.words)
        name, value, words = shown(page, trained, trained.model, judged)
        results[part.name] = {
            name: value,
            "pictures": len(judged.pictures),
            "seconds": trained.seconds,
            "run": str(trained.folder),
        }
        line(console, name.replace("_", " "), f"{words}, trained in {trained.seconds:.0f} s")
    page.write(out / "index.html")
    line(console, "open", (out / "index.html").resolve())
    if json:
        answer({"page": str(out / "index.html"), "parts": results})
    return 0


def _carry_out(part: Part, out: Path, threads: int | None) -> tuple[Trained, Evaluated | None]:
    console = people()
    folder = out / part.name
    _clear(part, folder)
    run = dataclasses.replace(part.run, threads=threads)
    pictures = open_pictures(part.data, validation=run.validation, test=run.test)
    watch, reading = Console(console), Reading(console)
    try:
        trained = train(run, pictures, out=folder, observers=(watch,), reading=reading)
    finally:
        watch.close()
        reading.close()
    if trained.model is None:
        return trained, None
    return trained, evaluate_model(
        trained.model, _held_out(pictures, part.judged), split="test", threads=threads
    )


def _held_out(pictures: PictureSet, most: int | None) -> PictureSet:
    held_out = pictures.of_split("test")
    if most is None or len(held_out) <= most:
        return held_out
    return held_out.subset([n * len(held_out) // most for n in range(most)])


def _clear(part: Part, folder: Path) -> None:
    """Remove the run of an earlier demo, and nothing else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        earlier = read_run(folder)[0]
        ours = earlier.data == part.data and not folder.is_symlink()
        ours = ours and earlier.task.kind == part.run.task.kind
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
