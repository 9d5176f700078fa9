"""`vitral interpolate RUN A B -o OUT`: a walk through the latents from one picture to another."""

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from vitral.cli.free_places import check_out_file
from vitral.cli.model_for import model_for
from vitral.cli.sample import write_png
from vitral.cli.say import answer, line, people
from vitral.data import decode, shrunk
from vitral.nn import sphere_walk
from vitral.train import use_threads


def interpolate(
    run: Annotated[Path, typer.Argument(help="Run folder or model file.", metavar="RUN")],
    first: Annotated[Path, typer.Argument(help="The picture to begin with.", metavar="A")],
    last: Annotated[Path, typer.Argument(help="The picture to end with.", metavar="B")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The strip, a PNG file")] = Path("walk.png"),
    steps: Annotated[int, typer.Option(min=2, max=256, help="Pictures on the way, both ends counted")] = 9,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads [default: all]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Draw the way from one picture to another as a strip, the two themselves at its ends."""
    from vitral.tasks.generate import Generate, GenerateModel, grid, to_levels

    check_out_file(out, overwrite=overwrite)
    console = people()
    use_threads(threads)
    loaded, task = model_for(run, Generate, does="draws pictures")
    model = loaded.module
    assert isinstance(model, GenerateModel)
    with torch.inference_mode():
        side = task.short_side_px()
        ends = [shrunk(decode(path, name=str(path)), side) for path in (first, last)]
        seen = task.seen(model, ends)
        latents = model.network.encode(seen)
        walked = model.network.decode(sphere_walk(latents[0], latents[1], steps))
    levels = np.concatenate([to_levels(seen[:1]), to_levels(walked), to_levels(seen[1:])])
    write_png(out, grid(levels, len(levels)), grey=seen.shape[1] == 1, overwrite=overwrite)
    line(console, "walked", f"{steps} steps from {first} to {last}: {out}")
    if json:
        answer({"task": "generate", "out": str(out), "steps": steps, "from": str(first), "to": str(last)})
    return 0
