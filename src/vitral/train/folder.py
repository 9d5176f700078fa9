"""The run folder: what lies where, and how a training is put down and picked up again."""

import hashlib
import itertools
import json
import os
import shlex
from pathlib import Path
from typing import Any

import torch

import vitral.saved as saved
from vitral.core import VERSION, DataError, FileFormatError, TrainingError, atomic_write
from vitral.data import DataFacts, PictureSet
from vitral.train.checkpoint import load_optimizer_state, optimizer_state, read_checkpoint, write_checkpoint
from vitral.train.gradient_norms import GradientNorms
from vitral.train.plan import Budget, Plan
from vitral.train.run import Run
from vitral.train.session import Session

RUN_FILE = "run.json"
METRICS_FILE = "metrics.jsonl"
REPORT_FILE = "report.html"
STATE_FILE = "checkpoint/state.safetensors"
BEST_FILE = "checkpoint/best.safetensors"
_RUN_VERSION = 1


def check_free(out: Path | None) -> None:
    """Refuse a run folder that is in use, before any work is done.

    Raises:
        DataError: the folder holds something, is a file, or cannot be read.
    """
    if out is None:
        return
    try:
        taken = out.is_file() or (out.is_dir() and any(out.iterdir()))
    except OSError as error:
        raise DataError(f"{out}: cannot be used as a run folder ({error.strerror})") from error
    if taken:
        resume = f"continue it with: vitral resume {shlex.quote(str(out))}"
        way_out = resume if (out / RUN_FILE).exists() else "name another folder"
        raise DataError(f"{out}: already holds something; {way_out}")


def new_folder(out: Path | None, *, task: str, name: str) -> Path:
    """Make the folder of a new run: the asked one, or the first free `runs/TASK-NAME-N`.

    Raises:
        DataError: the asked folder already holds something, or no folder can be made.
    """
    check_free(out)
    place = out or Path("runs")
    try:
        place.mkdir(parents=True, exist_ok=True)
        if out is not None:
            return out
        for number in itertools.count(1):
            folder = place / f"{task}-{name[:100]}-{number}"
            if not os.path.lexists(folder):
                folder.mkdir()
                return folder
    except OSError as error:
        raise DataError(f"{place}: cannot be made ({error.strerror})") from error
    raise AssertionError("counting never ends")


def write_run(folder: Path, session: Session, *, short_side: int | None) -> None:
    """Write the resolved run, which is what `resume` and `--config` read."""
    content = {
        "version": _RUN_VERSION,
        "run": session.run.to_json(),
        "facts": session.scan.facts.to_json(),
        "short_side_px": short_side,
        "channels_last": session.precision.channels_last,
        "pictures": picture_digest(session.scan.pictures),
    }
    atomic_write(folder / RUN_FILE, json.dumps(content, indent=2) + "\n")


def read_run(folder: Path) -> tuple[Run, DataFacts, dict[str, Any]]:
    """Read what `write_run` wrote: the run, the facts, and the other values.

    Raises:
        FileFormatError: no run folder, or a damaged, changed or newer `run.json`.
    """
    path = folder / RUN_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if int(content["version"]) > _RUN_VERSION:
            raise FileFormatError(f"{path}: was written by a newer Vitral; update Vitral")
        run = Run.from_json(content["run"])
        _check_resolved(run, content)
        return run, DataFacts.from_json(content["facts"]), content
    except FileNotFoundError as error:
        raise FileFormatError(f"{folder}: is not a run folder: it has no {RUN_FILE}") from error
    except FileFormatError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileFormatError(f"{path}: is damaged: {error}") from error


def _check_resolved(run: Run, content: dict[str, Any]) -> None:
    open_options = [
        name for name in ("optimizer", "schedule", "batch", "threads") if getattr(run, name) is None
    ]
    open_options += [name for name in ("device", "precision") if getattr(run, name) == "auto"]
    if open_options:
        raise ValueError(f"{open_options[0]} must have a value in the run.json of a run")
    if not isinstance(content["short_side_px"], int | None) or not isinstance(content["channels_last"], bool):
        raise TypeError("short_side_px must be a whole number and channels_last true or false")


def picture_digest(pictures: PictureSet) -> str:
    """A digest of which pictures there are, their labels and their splits; not of their pixels."""
    digest = hashlib.blake2b(digest_size=16)
    for key, label, split in zip(
        pictures.keys, pictures.labels.tolist(), pictures.splits.tolist(), strict=True
    ):
        digest.update(json.dumps([key, label, split]).encode())
    return digest.hexdigest()


def save_checkpoint(session: Session) -> None:
    """Write everything the training needs to go on; see `restore`."""
    tensors, optimizer = optimizer_state(session.optimizer)
    groups = {"model": session.model.state_dict(), "optimizer": tensors}
    if session.average is not None:
        groups["average"] = session.average.weights
    budget = session.budget
    content = {
        "run": session.run.to_json(),
        "loader": session.loader.state_dict(),
        "optimizer": optimizer,
        "plan": session.plan.to_json(),
        "speeds": list(budget.speeds),
        "step": session.step,
        "best_score": session.best_score,
        "best_epoch": session.best_epoch,
        "improved_epoch": session.improved_epoch,
        "norms": session.norms.to_json(),
        "elapsed_s": session.elapsed_s,
    }
    write_checkpoint(session.folder / STATE_FILE, groups, content)


def restore(session: Session) -> bool:
    """Put a new session where the checkpoint in its folder stands.

    Returns:
        False when there is no checkpoint yet, so that the training begins anew.
    Raises:
        FileFormatError: the checkpoint is torn, foreign, or of another network.
    """
    path = session.folder / STATE_FILE
    for leftover in session.folder.rglob(".*.part"):  # what a killed process was writing
        leftover.unlink(missing_ok=True)
    if not path.exists():
        return False
    groups, content = read_checkpoint(path)
    if content.get("run") != session.run.to_json():
        raise FileFormatError(f"{path}: does not fit this run: {RUN_FILE} was changed since it was written")
    try:
        session.model.load_state_dict(groups["model"])
        if session.average is not None:
            session.average.load(groups["average"])
        load_optimizer_state(session.optimizer, groups.get("optimizer", {}), content["optimizer"])
        session.loader.load_state_dict(content["loader"])
        session.plan = Plan(**content["plan"])
        session.budget = _with_speeds(session.budget, content["speeds"])
        session.step = int(content["step"])
        session.best_score, session.best_epoch = content["best_score"], int(content["best_epoch"])
        session.improved_epoch = int(content["improved_epoch"])
        session.elapsed_before_s = float(content["elapsed_s"])
        session.norms = GradientNorms(**content.get("norms", {}))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise FileFormatError(f"{path}: does not fit this run: {error}") from error
    return True


def save_best(session: Session) -> None:
    """Keep the weights of this moment as the best so far."""
    weights = session.model.state_dict() if session.average is None else session.average.weights
    write_checkpoint(session.folder / BEST_FILE, {"model": weights}, {"epoch": session.best_epoch})


def load_best(session: Session) -> None:
    """Put the kept weights into the model; the average has done its work and is dropped."""
    groups, _ = read_checkpoint(session.folder / BEST_FILE)
    session.model.load_state_dict(groups["model"])
    session.model.eval()
    session.average = None


def write_model(session: Session, figures: dict[str, Any]) -> saved.Model:
    """Write the model file from the session's weights, and give the model back."""
    record = {
        "vitral": VERSION,
        "epochs": session.epoch,
        "best_epoch": session.best_epoch + 1,
        "steps": session.step,
        "seconds": round(session.elapsed_s, 1),
        "validation": {name: value for name, value in figures.items() if isinstance(value, int | float)},
        "pictures": len(session.train),
        "split": {
            "pictures": session.opened,
            "validation": session.run.validation,
            "test": session.run.test,
        },
    }
    # As a file is read: another layout in memory would answer with other roundings.
    session.model.to(memory_format=torch.contiguous_format)  # pyright: ignore[reportCallIssue]
    model = saved.Model(task=session.run.task, module=session.model, record=record)
    model.save(session.folder / saved.FILE_NAME)
    return model


def check_unchanged(pictures: PictureSet, content: dict[str, Any], folder: Path) -> None:
    """Refuse to continue a training on other pictures than it began with.

    Raises:
        TrainingError: pictures were added, removed, renamed or moved since.
    """
    if picture_digest(pictures) != content.get("pictures"):
        raise TrainingError(
            f"{folder}: the pictures have changed since this training began, so it cannot be "
            f"continued exactly; begin a new one with: vitral train ... --config {folder / RUN_FILE}"
        )


def _with_speeds(budget: Budget, speeds: list[float]) -> Budget:
    for speed in speeds:
        budget = budget.observed(seconds=float(speed), work=1.0)
    return budget
