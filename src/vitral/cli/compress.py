"""`vitral compress RUN PICTURES -o OUT`: pictures as small `.vtl` files."""

from pathlib import Path
from typing import Annotated

import typer

from vitral.cli.many_files import Job, Tally, jobs
from vitral.cli.model_for import model_for
from vitral.cli.say import answer, line, people
from vitral.saved.find_model import remember_model, short_digest
from vitral.train import use_threads


def compress(
    run: Annotated[Path, typer.Argument(help="Run folder or model file.", metavar="RUN")],
    pictures: Annotated[
        list[str], typer.Argument(help="Picture files, or folders of them.", metavar="PICTURES")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the .vtl files")],
    quality: Annotated[
        int | None, typer.Option(min=1, max=16, help="1 (smallest) to 16 [default: that of the model]")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads [default: all]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Compress pictures to .vtl files; opacities are kept without loss."""
    from vitral.data.layers import read_layers
    from vitral.data.sources.listing import list_pictures
    from vitral.tasks.compress import Compress

    console = people()
    use_threads(threads)
    model, task = model_for(run, Compress, does="compresses")
    remember_model(model.digest, run)
    chosen = task.quality if quality is None else quality
    ready = jobs(
        pictures, out, listed=lambda folder: list_pictures(folder).keys, suffix=".vtl", overwrite=overwrite
    )
    digest = short_digest(model.digest)

    def each(job: Job) -> tuple[int, int]:
        """One file; see `Tally.run`."""
        layers = read_layers(job.source, name=str(job.source))
        data = task.encode(
            model.module, layers.pixels, quality=chosen, grey=layers.grey, alpha=layers.alpha, digest=digest
        )
        job.write(data)
        return layers.pixels.shape[0], layers.pixels.shape[1]

    tally = Tally(console=console, total=len(ready), verb="compressing pictures")
    line(console, "model", f"{run} ({digest.hex()}), quality {chosen} of 16", style="dim")
    tally.run(ready, each)
    tally.tell("compressed", out)
    if json:
        answer({"task": task.kind, "quality": chosen, "out": str(out)} | tally.to_json())
    return 1 if tally.failed else 0
