"""The run record: what happened in a training, one JSON object a line in `metrics.jsonl`.

Every line is an event with a `kind`. The first line of a run, and of every resumption, is a
`start` and carries the version of this schema. Numbers are finite; units stand in the options.
"""

import json
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vitral.core.errors import FileFormatError, OptionError, VitralError
from vitral.core.spec import Spec, option

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Event(Spec, family="event"):
    """Something that happened in a run; observers get these and return nothing.

    Raises:
        OptionError: a field has a wrong type or range, or a number is not finite.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.options():
            value = getattr(self, name)
            for number in value.values() if isinstance(value, dict) else [value]:
                _check_finite(f"{type(self).__name__}.{name}", number, in_table=isinstance(value, dict))


@dataclass(frozen=True, kw_only=True)
class Start(Event, kind="start"):
    """A training begins, or goes on from a checkpoint."""

    schema: int = option(SCHEMA, "version of the record's format", low=1)
    name: str = option("", "name of the run")
    started_at: str = option("", "date and time, ISO 8601 in UTC")
    step: int = option(0, "steps already made: 0, or those in the checkpoint", unit="steps", low=0)
    epoch: int = option(0, "epochs already finished", unit="epochs", low=0)
    vitral: str = option("", "version of Vitral")
    torch: str = option("", "version of PyTorch")
    device: str = option("", "where the network runs")
    pictures: int = option(0, "pictures to train on", unit="pictures", low=0)
    batch: int = option(1, "pictures per update", unit="pictures", low=1)


@dataclass(frozen=True, kw_only=True)
class Chosen(Event, kind="choice"):
    """Something was decided: what was asked, what is used, and why."""

    name: str = option(help="what was chosen: device, precision, network ...")
    asked: str = option(help="the option as given")
    used: str = option(help="the outcome")
    why: str = option(help="the reason")


@dataclass(frozen=True, kw_only=True)
class Warned(Event, kind="warning"):
    """Something a person should know, which does not stop the run."""

    text: str = option(help="one sentence")


@dataclass(frozen=True, kw_only=True)
class Step(Event, kind="step"):
    """One update of the weights."""

    step: int = option(help="updates made so far", unit="steps", low=1)
    epoch: int = option(help="number of the epoch, from 0", low=0)
    loss: float = option(help="training loss of the batch; classify: nats per picture")
    learning_rate: float = option(help="learning rate of the last update", low=0)
    share: float = option(1.0, "share of the epoch that is done", low=0, high=1)
    epochs: int = option(1, "epochs planned in total", low=1)
    waited_s: float = option(0.0, "time spent waiting for data in this epoch", unit="s", low=0)


@dataclass(frozen=True, kw_only=True)
class Epoch(Event, kind="epoch"):
    """An epoch ended and the model was validated."""

    epoch: int = option(help="number of the epoch that ended, from 0", low=0)
    epochs: int = option(1, "epochs planned in total", low=1)
    step: int = option(help="updates made so far", unit="steps", low=0)
    train_loss: float | None = option(None, "mean training loss of the epoch")
    validation_loss: float | None = option(None, "mean loss on the validation pictures")
    scores: dict[str, float] = option(help="metrics on the validation pictures, by name")
    shown: str = option("", "the score by which models are compared, for a person")
    best: bool = option(False, "whether this is the best model so far")
    seconds: float = option(0.0, "duration of the training part of the epoch", unit="s", low=0)
    elapsed: float = option(0.0, "training time so far, over all resumptions", unit="s", low=0)
    pictures_per_s: float | None = option(None, "speed of training", unit="pictures/s", low=0)
    waiting: float | None = option(None, "share of time spent waiting for data", low=0, high=1)


@dataclass(frozen=True, kw_only=True)
class End(Event, kind="end"):
    """The training is over, or was interrupted with everything saved."""

    reason: str = option(
        help="why it ended", choices=("finished", "no progress", "time", "interrupted", "failed")
    )
    step: int = option(help="updates made in total", unit="steps", low=0)
    epoch: int = option(help="epochs finished in total", unit="epochs", low=0)
    elapsed: float = option(0.0, "training time, over all resumptions", unit="s", low=0)
    best_epoch: int | None = option(None, "number of the epoch whose model was kept", low=0)
    scores: dict[str, float] = option(help="metrics of the model that was kept, by name")


def append(path: str | Path, event: Event) -> None:
    """Add one line to a record; a line that a killed process left unfinished is removed first.

    Raises:
        VitralError: the file cannot be written.
    """
    path = Path(path)
    line = json.dumps(event.to_json(), allow_nan=False) + "\n"
    try:
        with path.open("a+b") as file:
            _cut_torn_line(file)
            file.write(line.encode())
    except OSError as error:
        raise VitralError(f"{path}: could not be written ({error.strerror or error})") from error


def read_records(path: str | Path) -> list[Event]:
    """Read a record; an unfinished last line, as a killed process leaves it, is skipped.

    Raises:
        FileFormatError: missing, a damaged line (its number is named), or a newer schema.
    """
    path = Path(path)
    try:
        *lines, _torn = path.read_bytes().split(b"\n")
    except OSError as error:
        raise FileFormatError(f"{path}: could not be read ({error.strerror or error})") from error
    events = [_event(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1)]
    if events and not isinstance(events[0], Start):
        raise FileFormatError(f"{path}, line 1: must be a 'start' event, got {events[0].kind!r}")
    return events


def without_repeats(events: Iterable[Event]) -> list[Event]:
    """The events as an uninterrupted run would have left them.

    A run killed some steps after its checkpoint makes those steps again when it is resumed;
    of every step and epoch only the last account is kept.
    """
    kept: list[Event] = []
    for event in events:
        if isinstance(event, Start):
            kept = [old for old in kept if not _made_again(old, event.step)]
        kept.append(event)
    return kept


def _made_again(event: Event, step: int) -> bool:
    return isinstance(event, End) or (isinstance(event, Step | Epoch) and event.step > step)


def _event(line: bytes, where: str) -> Event:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{where}: must be one JSON object, got {line[:60]!r}") from error
    schema = data.get("schema") if isinstance(data, dict) else None
    if isinstance(schema, int) and schema > SCHEMA:
        raise FileFormatError(
            f"{where}: schema must be at most {SCHEMA}, got {schema}; a newer Vitral wrote it"
        )
    try:
        return Event.from_json(data)
    except OptionError as error:
        raise FileFormatError(f"{where}: {error}") from error


def _check_finite(where: str, number: object, *, in_table: bool) -> None:
    if isinstance(number, float) and not math.isfinite(number):
        raise OptionError(f"{where}: must be finite, got {number}")
    if in_table and (isinstance(number, bool) or not isinstance(number, int | float)):
        raise OptionError(f"{where}: must hold numbers, got {number!r}")


def _cut_torn_line(file: BinaryIO) -> None:
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return
    file.seek(size - 1)
    if file.read(1) == b"\n":
        return
    file.seek(0)
    file.truncate(file.read().rfind(b"\n") + 1)
