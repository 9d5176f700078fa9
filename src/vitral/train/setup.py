"""From a run and its pictures to a session that is ready for `fit`."""

import dataclasses
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vitral.core import (
    DataError,
    Precision,
    TrainingError,
    Warned,
    choose_device,
    choose_precision,
    derived_seed,
    keep_freed_memory,
)
from vitral.data import DataFacts, Loader, PictureSet, Scan, open_pictures, scan
from vitral.nn import DataDependent, TakesWeights
from vitral.tasks import TaskModel
from vitral.train.decide import decide, first_plan
from vitral.train.ema import Average
from vitral.train.folder import (
    check_free,
    check_unchanged,
    new_folder,
    picture_digest,
    read_run,
    restore,
    save_checkpoint,
    write_run,
)
from vitral.train.needed import needed
from vitral.train.run import Run
from vitral.train.session import Observer, Session

Reading = Callable[[int, int], None]


def begin(
    run: Run,
    pictures: PictureSet,
    *,
    out: Path | None,
    later: Mapping[str, Any] | None = None,
    weights: Mapping[str, Tensor] | None = None,
    observers: tuple[Observer, ...] = (),
    reading: Reading | None = None,
) -> Session:
    """Start a training: read the pictures, decide what is open, build everything.

    Args:
        run: as asked.
        pictures: the whole set, with its splits.
        out: the run folder; None makes the next free one below `runs/`.
        later: settings that reach into what is still open; applied once it is decided.
        weights: what the encoder learned that the run's network stands on; None where there is none.
        observers: told of every choice and warning, and of all that follows.
        reading: called with (pictures read, pictures in total) during the first pass.
    Raises:
        DataError: the pictures cannot be used, or the folder already holds something.
        ImageError: with `strict`, the first broken picture.
        OptionError: an option does not fit this machine or these pictures, or the weights the network.
    """
    started = time.perf_counter()
    device = choose_device(run.device)
    check_free(out)
    threads = use_threads(run.threads)
    short_side = run.task.short_side_px()
    pictures = needed(run.task, pictures)
    found = scan(pictures, short_side=short_side, threads=threads, strict=run.strict, progress=reading)
    train = found.pictures.of_split("train")
    if len(train) == 0:
        raise DataError(f"{pictures.name}: has no training pictures; found: {pictures.found}")
    run, choices = decide(run, found.pictures, found.facts, train_count=len(train))
    run = run.with_settings(later or {})
    precision = choose_precision(run.precision, device.value)
    # What this machine made of "auto" is part of the run: a resumed training must not choose anew.
    run = dataclasses.replace(
        run, device=device.value.type, precision=_name(precision.value), threads=threads
    )
    folder = new_folder(out, task=run.task.kind or "run", name=pictures.name)
    session = _session(run, found, folder, device.value, precision.value, observers, weights or {})
    if weights:
        # Before there is a run to resume: what was taken over lies nowhere else.
        save_checkpoint(session)
    session.started, session.opened = started, picture_digest(pictures)
    session.opening = tuple(choice.record() for choice in (device, precision, *choices)) + _warnings(
        session, pictures
    )
    write_run(folder, session, short_side=short_side)
    return session


def pick_up(
    folder: Path,
    *,
    pictures: PictureSet | None = None,
    observers: tuple[Observer, ...] = (),
    reading: Reading | None = None,
) -> Session:
    """Restore the training of a run folder from its last checkpoint.

    Args:
        folder: what `begin` made.
        pictures: the same set the training began with; left out, it is opened again.
    Raises:
        FileFormatError: no run folder, or a damaged one.
        TrainingError: the pictures have changed.
    """
    run, facts, content = read_run(folder)
    if pictures is None:
        if not run.data:
            raise TrainingError(
                f"{folder}: was trained on pictures that came from memory; give the same ones with "
                f"vitral.resume(..., pictures=...)"
            )
        pictures = open_pictures(run.data, validation=run.validation, test=run.test)
    pictures = needed(run.task, pictures)
    threads = use_threads(run.threads)
    found = scan(
        pictures, short_side=content["short_side_px"], threads=threads, strict=run.strict, progress=reading
    )
    check_unchanged(found.pictures, content, folder)
    device = choose_device(run.device).value
    half = torch.bfloat16 if run.precision == "bfloat16" else None
    precision = Precision(autocast=half, channels_last=bool(content["channels_last"]))
    session = _session(
        run, dataclasses.replace(found, facts=facts), folder, device, precision, observers, None
    )
    session.opened = picture_digest(pictures)
    restore(session)
    return session


def use_threads(asked: int | None) -> int:
    """Set the number of processor threads, and give it back."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = asked or available
    torch.set_num_threads(threads)
    keep_freed_memory()
    import cv2  # here, because it takes a third of the time to import vitral

    # Pictures are decoded on threads of our own; more below each of them would only get in the way.
    cv2.setNumThreads(1)
    return threads


def _session(
    run: Run,
    found: Scan,
    folder: Path,
    device: torch.device,
    precision: Precision,
    observers: tuple[Observer, ...],
    weights: Mapping[str, Tensor] | None,
) -> Session:
    train = found.pictures.of_split("train")
    loader = Loader(
        train,
        batch_size=run.batch or 1,
        sampling=run.sampling,
        drop_last=True,
        workers=torch.get_num_threads(),
        pin_memory=device.type == "cuda",
        device=device if device.type == "cuda" else None,
        seed=run.seed,
        transform=run.task.augmentation(found.facts, train=True, progress=0.0),
    )
    model = _model(run, found.facts, train, weights)
    if device.type == "cuda":
        # The same kernels every time: a resumed training must repeat every bit.
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    model.to(device, memory_format=precision.memory_format)  # pyright: ignore[reportCallIssue]
    plan, budget = first_plan(run, train_count=len(train))
    assert run.optimizer is not None
    assert run.schedule is not None
    return Session(
        run=run,
        folder=folder,
        scan=found,
        train=train,
        val=found.pictures.of_split("val"),
        loader=loader,
        model=model,
        average=Average(model) if run.average else None,
        optimizer=run.optimizer.build(model),
        schedule=run.schedule,
        device=device,
        precision=precision,
        plan=plan,
        budget=budget,
        observers=observers,
    )


def _model(run: Run, facts: DataFacts, train: PictureSet, weights: Mapping[str, Tensor] | None) -> TaskModel:
    """A new model; weights that it takes over are None where a checkpoint brings all."""
    torch.manual_seed(derived_seed(run.seed, "weights"))
    model = run.task.build(facts)
    takers = [module for module in model.modules() if isinstance(module, TakesWeights)]
    if weights is not None:
        for module in takers:
            module.take(weights)
    # What learned before keeps what it set then.
    taken = {id(part) for one in takers for part in one.modules()} - {id(one) for one in takers}
    waiting = [
        module for module in model.modules() if isinstance(module, DataDependent) and id(module) not in taken
    ]
    if waiting:
        sample = Loader(
            train, batch_size=min(len(train), 512), shuffle=True, workers=0, seed=run.seed,
            transform=run.task.augmentation(facts, train=False),
        )  # fmt: skip
        inputs = next(iter(sample)).inputs
        assert inputs is not None
        for module in waiting:
            module.prepare(inputs)
    return model


def _name(precision: Precision) -> str:
    return "float32" if precision.autocast is None else "bfloat16"


def _warnings(session: Session, pictures: PictureSet) -> tuple[Warned, ...]:
    texts = [*pictures.notes, *(f"left out: {broken}" for broken in session.scan.broken)]
    if len(session.val) == 0:
        texts.append("there are no validation pictures, so the latest weights are kept, not the best")
    return tuple(Warned(text=text) for text in texts)
