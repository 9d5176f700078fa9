"""`vitral train TASK FOLDER`: one command per task, made from the task's options."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from vitral.cli.flags import read_config, read_settings, settings_from, without_flags
from vitral.cli.say import Reading, answer, line, people
from vitral.core import OptionError
from vitral.data import open_pictures
from vitral.tasks import TakesEncoder, Task
from vitral.train import Console, Run, Trained, settle, train


def train_command(kind: type[Task]) -> Callable[..., int]:
    """The command that trains one task; `with_flags` adds the options' flags to it."""

    def command(
        folder: Annotated[
            str, typer.Argument(help="Folder or table of pictures, or `digits` / `scenes`.", metavar="FOLDER")
        ],
        out: Annotated[
            Path | None, typer.Option("--out", "-o", help="Run folder [default: runs/TASK-NAME-N]")
        ] = None,
        config: Annotated[
            Path | None, typer.Option(help="Options from a file, such as another run's run.json")
        ] = None,
        set_: Annotated[
            list[str] | None,
            typer.Option("--set", help="Any option by name, e.g. optimizer.lr=0.1; repeatable"),
        ] = None,
        encoder: Annotated[
            Path | None,
            typer.Option(help="Start from the encoder of this run or model file", metavar="RUN"),
        ] = None,
        frozen: Annotated[
            bool, typer.Option("--frozen", help="Leave that encoder as it is; only a linear head learns")
        ] = False,
        json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
        **flags: Any,
    ) -> int:
        """Train; `with_flags` puts the task's own summary here."""
        run, later = assemble(kind, config, set_ or [], flags)
        console = people()
        watch, reading = Console(console), Reading(console)
        pictures = open_pictures(folder, validation=run.validation, test=run.test)
        line(console, "found", pictures.found, style="dim")
        try:
            start: dict[str, Any] = {"encoder": encoder, "frozen": frozen}
            trained = train(run, pictures, out=out, observers=(watch,), reading=reading, **start, **later)
        finally:
            watch.close()
            reading.close()
        return tell(trained, json=json)

    command.__name__ = kind.kind or "train"
    command.__doc__ = kind.summary()
    if not issubclass(kind, TakesEncoder):
        without_flags(command, "encoder", "frozen")
    return command


def assemble(
    kind: type[Task], config: Path | None, pairs: list[str], flags: dict[str, Any]
) -> tuple[Run, dict[str, Any]]:
    """The run a person asked for: defaults, then the file, then flags, then `--set`.

    Returns:
        The run, and settings for options that are decided only when the pictures are known.

    Raises:
        OptionError: an unknown option (the nearest is suggested), or a value out of range.
    """
    run = Run(task=kind())
    found = read_config(config)
    if found:
        run = Run.from_json(run.to_json() | found)
        if not isinstance(run.task, kind):
            raise OptionError(
                f"--config {config}: is for the task {run.task.kind!r}, got the command {kind.kind!r}"
            )
    run = run.with_settings(settings_from(flags, Run))
    run = run.with_settings({f"task.{name}": value for name, value in settings_from(flags, kind).items()})
    own, inner = set(Run.options()), set(kind.options())
    settings = read_settings(pairs)
    # `--set loss.gamma=1` means the task's loss: what only the task has may be named without `task.`
    full = {
        f"task.{name}" if name.split(".")[0] not in own and name.split(".")[0] in inner else name: value
        for name, value in settings.items()
    }
    if "data" in full:
        raise OptionError("--set data: the pictures are named by the command's argument")
    return settle(run, full)


def tell(trained: Trained, *, json: bool) -> int:
    """Say how a training ended, and give the exit code."""
    console = people()
    folder = str(trained.folder)
    numbers = {name: value for name, value in trained.figures.items() if isinstance(value, int | float)}
    if trained.finished:
        line(console, "done", f"{trained.epochs} epochs in {trained.seconds / 60:.1f} min ({trained.why})")
        score = trained.model.task.score if trained.model else None
        if score is not None and score.name in numbers:
            words = f"{score.shown(numbers[score.name])} on the validation pictures"
            line(console, score.name.replace("_", " "), words)
        line(console, "report", str(trained.folder / "report.html"))
        line(console, "model", str(trained.folder / "model.safetensors"))
        line(console, "next", f"vitral predict {folder} PICTURE...    vitral evaluate {folder} FOLDER")
    else:
        line(console, "stopped", f"{trained.why}; everything is saved")
        line(console, "go on with", f"vitral resume {shlex.quote(folder)}")
    if json:
        answer(
            {
                "run": folder,
                "finished": trained.finished,
                "epochs": trained.epochs,
                "seconds": trained.seconds,
                "validation": numbers,
                "model": str(trained.folder / "model.safetensors") if trained.finished else None,
                "report": str(trained.folder / "report.html") if trained.finished else None,
                "resume": None if trained.finished else f"vitral resume {shlex.quote(folder)}",
            }
        )
    return trained.exit_code
