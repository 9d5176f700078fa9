"""`train` and `resume`: from pictures to a run folder with a model, a record and a report."""

import dataclasses
import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset

from vitral.core import VERSION, OptionError, VitralError, available
from vitral.core.record import End, Event, Start
from vitral.data import PictureSet, open_pictures
from vitral.saved import Model
from vitral.tasks import Task
from vitral.train.decide import settle
from vitral.train.encoder import with_encoder
from vitral.train.folder import METRICS_FILE, load_best, write_model
from vitral.train.loop import Outcome, conclude, fit, validate
from vitral.train.observers import MetricsFile, TensorBoard
from vitral.train.run import Run
from vitral.train.run_report import write_report
from vitral.train.session import Observer, Session
from vitral.train.setup import Reading, begin, pick_up
from vitral.train.stop import Stop, stop_on_signals


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What a training left behind.

    Args:
        folder: the run folder.
        finished: False when a signal stopped it; the checkpoint is saved.
        why: how it ended, in a few words.
        exit_code: 0, or 130 / 143 after Ctrl-C / SIGTERM.
        model: the kept model; None when not finished.
        figures: validation figures of the kept model.
        epochs: epochs made in total.
        seconds: training time in total.
    """

    folder: Path
    finished: bool
    why: str
    exit_code: int = 0
    model: Model | None = field(default=None, repr=False)
    figures: dict[str, Any] = field(default_factory=dict, repr=False)
    epochs: int = 0
    seconds: float = 0.0


def train(
    task: Task | Run,
    pictures: PictureSet | str | Path | Dataset[Any],
    *,
    out: str | Path | None = None,
    encoder: str | Path | Model | None = None,
    frozen: bool = False,
    observers: tuple[Observer, ...] = (),
    reading: Reading | None = None,
    **options: Any,
) -> Trained:
    """Train a task on pictures.

    Args:
        task: the question, for example `Classify(size=128)`; or a whole `Run`.
        pictures: what `vitral.open` gave, or a place or torch `Dataset` that it can open.
        out: the run folder; left out, the next free one below `runs/`.
        encoder: a trained model, its file or its run folder, from whose encoder the network starts.
        frozen: leave that encoder as it is, and let only what stands on it learn.
        observers: called with every event (see `core.record`).
        reading: called with (read, total) while the pictures are read for the first time.
        options: options of `Run`, for example `epochs=20`.
    Returns:
        The finished training, or where a signal stopped it.
    Raises:
        OptionError: `frozen` without an encoder, or see `with_encoder`.
        VitralError: see `begin` and `fit`.
    """
    run = task if isinstance(task, Run) else Run(task=task)
    weights = None
    if encoder is not None:
        run, weights = with_encoder(run, encoder, frozen=frozen)
    elif frozen:
        raise OptionError("--frozen: must go with --encoder RUN, whose encoder then stays as it is")
    run, later = settle(run, options)
    if not isinstance(pictures, PictureSet):
        pictures = open_pictures(pictures, validation=run.validation, test=run.test)
    validation, test = pictures.shares if pictures.place else (run.validation, run.test)
    run = dataclasses.replace(run, data=pictures.place, validation=validation, test=test)
    folder = None if out is None else Path(out)
    session = begin(
        run, pictures, out=folder, later=later, weights=weights, observers=observers, reading=reading
    )
    with stop_on_signals() as stop:
        return _carry_out(session, stop)


def resume(
    folder: str | Path,
    *,
    pictures: PictureSet | None = None,
    observers: tuple[Observer, ...] = (),
    reading: Reading | None = None,
) -> Trained:
    """Continue the training of a run folder from its last checkpoint, bit for bit.

    Args:
        folder: the run folder.
        pictures: the same pictures, when they came from memory and not from a place.
        observers: called with every event.
        reading: called with (read, total) while the pictures are read.
    Raises:
        FileFormatError: no run folder, or a damaged one.
        TrainingError: the pictures have changed since.
    """
    session = pick_up(Path(folder), pictures=pictures, observers=observers, reading=reading)
    with stop_on_signals() as stop:
        return _carry_out(session, stop)


def _carry_out(session: Session, stop: Stop) -> Trained:
    own, close = _own_observers(session.folder)
    # The record is written before a person sees the event, so that it never lags behind.
    session.observers = (*own, *session.observers)
    session.tell(_start_event(session))
    for event in session.opening:
        session.tell(event)
    try:
        # Numbers too small for normal form are a hundred times slower and mean nothing here;
        # the setting is the whole thread's, so it is taken back for whoever called us.
        torch.set_flush_denormal(True)
        outcome = fit(session, stop)
    except VitralError:
        session.tell(_end_event(session, "failed", {}))
        raise
    finally:
        torch.set_flush_denormal(False)
        close()
    if not outcome.finished:
        session.tell(_end_event(session, "interrupted", {}))
        return _trained(session, outcome, stop.exit_code, None, {})
    return _finish(session, outcome)


def _finish(session: Session, outcome: Outcome) -> Trained:
    load_best(session)
    conclude(session)
    figures = validate(session)
    model = write_model(session, figures)
    session.tell(_end_event(session, outcome.reason, figures))
    write_report(session, model, figures)
    return _trained(session, outcome, 0, model, figures)


def _own_observers(folder: Path) -> tuple[tuple[Observer, ...], Callable[[], None]]:
    observers: list[Observer] = [MetricsFile(folder / METRICS_FILE)]
    try:
        board = TensorBoard(folder / "tensorboard") if available("tensorboard") else None
    except ImportError:  # installed, but broken: a viewer is no reason not to train
        board = None
    if board is None:
        return tuple(observers), lambda: None
    return (*observers, board), board.close


def _start_event(session: Session) -> Start:
    return Start(
        name=session.folder.name,
        started_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        step=session.step,
        epoch=session.epoch,
        vitral=VERSION,
        torch=torch.__version__,
        device=str(session.device),
        pictures=len(session.train),
        batch=session.loader.batch_size * session.run.accumulate,
    )


def _end_event(session: Session, reason: str, figures: dict[str, Any]) -> Event:
    return End(
        reason=reason,
        step=session.step,
        epoch=session.epoch,
        elapsed=session.elapsed_s,
        best_epoch=session.best_epoch if session.best_epoch >= 0 else None,
        scores={name: float(value) for name, value in figures.items() if isinstance(value, int | float)},
    )


def _trained(
    session: Session, outcome: Outcome, exit_code: int, model: Model | None, figures: dict[str, Any]
) -> Trained:
    return Trained(
        folder=session.folder,
        finished=outcome.finished,
        why=outcome.why,
        exit_code=exit_code,
        model=model,
        figures=figures,
        epochs=session.epoch,
        seconds=round(session.elapsed_s, 1),
    )
