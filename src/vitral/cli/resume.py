"""`vitral resume RUN`: go on with a training that was stopped or killed."""

from pathlib import Path
from typing import Annotated

import typer

from vitral.cli.say import Reading, people
from vitral.cli.train import tell
from vitral.train import Console
from vitral.train import resume as resume_run


def resume(
    run: Annotated[Path, typer.Argument(help="Run folder, as `vitral train` made it.", metavar="RUN")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Go on with a training that was stopped or killed, bit for bit."""
    console = people()
    watch, reading = Console(console), Reading(console)
    try:
        trained = resume_run(run, observers=(watch,), reading=reading)
    finally:
        watch.close()
        reading.close()
    return tell(trained, json=json)
