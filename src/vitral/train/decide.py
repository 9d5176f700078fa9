"""What a run leaves open is decided here from the pictures, and every choice is explained."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from vitral.core import Choice
from vitral.data import DataFacts, PictureSet
from vitral.optim import Muon, Optimizer, Schedule, Trapezoid
from vitral.train.plan import Budget, Plan
from vitral.train.run import Run

# A first model should come while a person waits: a coffee for a small folder, lunch for a large one.
_MINUTES_SMALL_SET, _MINUTES_LARGE_SET, _LARGE_SET = 12.5, 25.0, 10_000


def settle(run: Run, settings: Mapping[str, Any]) -> tuple[Run, dict[str, Any]]:
    """Apply settings by dotted name; give back those that reach into an option still open.

    `optimizer.lr=0.1` without a named optimizer means the one that will be chosen: it is
    applied after `decide`.

    Raises:
        OptionError: an unknown name, or a bad value.
    """
    later = {name: value for name, value in settings.items() if _reaches_into_open(run, name, settings)}
    now = {name: value for name, value in settings.items() if name not in later}
    return run.with_settings(now), later


def decide(
    run: Run, pictures: PictureSet, facts: DataFacts, *, train_count: int
) -> tuple[Run, tuple[Choice[Any], ...]]:
    """The run with nothing left open but the time budget, and the choices made.

    Args:
        run: as asked.
        pictures: the whole set.
        facts: measured on the training pictures.
        train_count: how many pictures there are to learn from.
    Raises:
        DataError: these pictures cannot answer the task's question.
    """
    task, choices = run.task.decide(pictures, facts)
    run = dataclasses.replace(run, task=task)
    made = list(choices)
    if run.batch is None:
        batch = min(task.batch() or _batch(train_count), train_count)
        run = _with(run, made, "batch", batch, f"{train_count:,} training pictures")
    elif run.batch > train_count:
        run = _with(run, made, "batch", train_count, f"there are only {train_count:,} training pictures")
    if run.optimizer is None:
        optimizer = task.optimizer() or default_optimizer()
        run = _with(run, made, "optimizer", optimizer, "learned in the fewest epochs here")
    if run.schedule is None:
        run = _with(run, made, "schedule", default_schedule(), "warms up, then falls in a line to zero")
    if run.minutes is None and run.epochs is None:
        large = train_count >= _LARGE_SET
        minutes = _MINUTES_LARGE_SET if large else _MINUTES_SMALL_SET
        words = f"{'at least' if large else 'under'} {_LARGE_SET:,} pictures; --minutes or --epochs change it"
        made.append(
            Choice(name="minutes", asked="auto", used=f"at most {minutes:g}", why=words, value=minutes)
        )
    return run, tuple(made)


def first_plan(run: Run, *, train_count: int) -> tuple[Plan, Budget]:
    """Epochs and time limit of a run, from what it asks for.

    Epochs asked for are made, at most; minutes alone are filled; with neither, as many epochs
    as usually help are made, within a time that a person will wait.
    """
    usual = usual_epochs(train_count)
    if run.epochs is not None:
        seconds = None if run.minutes is None else run.minutes * 60
        return Plan(epochs=run.epochs), Budget(seconds=seconds, fill=False, most_epochs=run.epochs)
    if run.minutes is not None:
        return Plan(epochs=usual), Budget(seconds=run.minutes * 60, fill=True, most_epochs=usual * 10)
    minutes = _MINUTES_LARGE_SET if train_count >= _LARGE_SET else _MINUTES_SMALL_SET
    return Plan(epochs=usual), Budget(seconds=minutes * 60, fill=False, most_epochs=usual)


def default_optimizer() -> Optimizer:
    """The optimizer of a run that names none."""
    return Muon()


def default_schedule() -> Schedule:
    """The schedule of a run that names none: a tenth of warm-up, then a line to zero."""
    return Trapezoid()


def usual_epochs(train_count: int) -> int:
    """Epochs after which more rarely help: small sets are seen more often."""
    return max(12, min(200, round(240_000 / max(train_count, 1))))


def _reaches_into_open(run: Run, name: str, settings: Mapping[str, Any]) -> bool:
    spec: Any = run
    parts = name.split(".")
    for depth, part in enumerate(parts[:-1], start=1):
        spec = getattr(spec, part, "")
        prefix = ".".join(parts[:depth])
        if spec is None:
            return parts[depth:] != ["kind"] and not {prefix, f"{prefix}.kind"} & set(settings)
    return False


def _batch(train_count: int) -> int:
    wanted = 64 if train_count < _LARGE_SET else 256
    return max(1, min(wanted, train_count))


def _with(run: Run, made: list[Choice[Any]], name: str, value: Any, why: str) -> Run:
    asked = getattr(run, name)
    used = getattr(value, "kind", None) or str(value)
    made.append(
        Choice(name=name, asked="auto" if asked is None else str(asked), used=used, why=why, value=value)
    )
    return dataclasses.replace(run, **{name: value})
