"""The training loop: one function from top to bottom, with step, validate and save beside it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from vitral.core import Batch, TrainingError, derived_seed
from vitral.core.record import Epoch, Step
from vitral.data import Loader, PictureSet, one_line
from vitral.train.folder import save_best, save_checkpoint
from vitral.train.session import Session
from vitral.train.stop import Stop


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a call of `fit` ended.

    Args:
        finished: the plan was carried out, or patience or time ended it; False after a signal.
        why: a few words for a person.
        reason: the same in the words of the run record (see `core.record.End`).
    """

    finished: bool
    why: str
    reason: str = "finished"


def fit(session: Session, stop: Stop) -> Outcome:
    """Train until the plan is done, patience ends, or a signal asks to stop.

    Order of a step: forward, check the loss, backward, clip, update, average. Order of an
    epoch: steps, validation, keep the best, fit the plan to the time, checkpoint.

    Args:
        session: a new training, or one restored from a checkpoint; changed in place.
        stop: asked from outside, looked at after every step.
    Raises:
        TrainingError: the loss is not finite; the weights are those before the bad batch.
    Returns:
        How it ended; the session holds the rest.
    """
    run, loader = session.run, session.loader
    saved_at = session.elapsed_s
    while session.epoch < session.plan.epochs:
        if out_of_patience(session):
            why = f"no better score for {run.patience} epochs"
            return Outcome(finished=True, why=why, reason="no progress")
        epoch, epoch_began = session.epoch, session.elapsed_s
        # Pictures may grow with progress; a whole epoch has one size.
        size = session.plan.progress(epoch)
        loader.transform = run.task.augmentation(session.scan.facts, train=True, progress=size)
        resumed_inside = int(loader.state_dict()["position"]) > 0
        losses: list[float] = []
        for batch in loader:
            losses.append(step(session, batch))
            at_update = _is_update(session, batch)
            if at_update:
                session.tell(_step_event(session, batch, losses[-1]))
            if at_update and stop.asked:
                save_checkpoint(session)
                return Outcome(finished=False, why="stopped by a signal")
            if at_update and session.budget.is_spent(session.elapsed_s):
                keep_best(session, validate(session), epoch)
                save_checkpoint(session)
                return Outcome(finished=True, why="the time is up", reason="time")
            if at_update and run.save_s and session.elapsed_s - saved_at >= run.save_s:
                save_checkpoint(session)
                saved_at = session.elapsed_s
        trained_s = session.elapsed_s - epoch_began
        figures = validate(session)
        keep_best(session, figures, epoch)
        if not resumed_inside:
            seconds, work = session.elapsed_s - epoch_began, _work(session, size)
            session.budget = session.budget.observed(seconds=seconds, work=work)
        session.plan = session.budget.fitted(
            session.plan,
            next_epoch=epoch + 1,
            elapsed_s=session.elapsed_s,
            work=lambda progress: _work(session, progress),
        )
        session.tell(_epoch_event(session, epoch, losses, figures, trained_s))
        save_checkpoint(session)
        saved_at = session.elapsed_s
        if stop.asked and session.epoch < session.plan.epochs:
            return Outcome(finished=False, why="stopped by a signal")
    return Outcome(finished=True, why="all epochs done")


def step(session: Session, batch: Batch) -> float:
    """Learn from one batch; the weights change when enough gradients are added up.

    Returns:
        The batch's loss, in the task's unit.
    Raises:
        TrainingError: the loss is not finite. Nothing was updated.
    """
    run, optimizer = session.run, session.optimizer
    progress = session.plan.progress(batch.epoch, batch.position / len(session.loader))
    factor = session.schedule(progress)
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * factor
    # Dropout and the like draw from a generator that depends on the step alone, so that a
    # resumed training needs no saved generator state.
    torch.manual_seed(derived_seed(run.seed, f"step {batch.epoch} {batch.position}"))
    session.model.train()
    batch = session.place(batch)
    batch.progress = progress
    with session.autocast():
        losses = run.task.losses(session.model, batch)
    loss = losses["loss"]
    value = float(loss.detach())
    if not math.isfinite(value):
        raise TrainingError(_not_finite(batch, value, session))
    # The last group of an epoch may be smaller; its gradient is a mean like the others.
    first = batch.position // run.accumulate * run.accumulate
    (loss / min(run.accumulate, len(session.loader) - first)).backward()
    if _is_update(session, batch):
        _update(session)
    return value


def _update(session: Session) -> None:
    """Clip, move the weights, and let the average follow; or leave the update out (see `Run.skip`)."""
    run, optimizer = session.run, session.optimizer
    spike = False
    if run.clip or run.skip:
        parameters = [p for p in session.model.parameters() if p.grad is not None]
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, run.clip or math.inf))
        spike = bool(run.skip) and session.norms.is_spike(norm, times=run.skip)
    if not spike:
        optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    session.step += 1
    if session.average is not None and not spike:
        updates = math.ceil(len(session.loader) / run.accumulate)
        horizon = run.average * session.plan.epochs * updates
        session.average.follow(session.model, session.step, horizon=horizon)


@torch.inference_mode()
def validate(session: Session, pictures: PictureSet | None = None) -> dict[str, Any]:
    """Judge the averaged weights on the validation pictures.

    Args:
        session: the training.
        pictures: other pictures to judge by.
    Returns:
        The task's figures; `{}` when there is nothing to validate on.
    """
    pictures = session.val if pictures is None else pictures
    if len(pictures) == 0:
        return {}
    task, facts = session.run.task, session.scan.facts
    metrics = task.metrics(facts)
    loader = Loader(
        pictures,
        batch_size=max(1, min(session.loader.batch_size, 256)),
        workers=session.loader.workers,
        transform=task.judged(facts),
    )
    with session.averaged() as model, session.autocast():
        for batch in loader:
            batch = session.place(batch)
            metrics.update(model, batch)
    figures = metrics.result()
    bad = [name for name, value in figures.items() if isinstance(value, float) and not math.isfinite(value)]
    if bad:
        raise TrainingError(
            f"validation gave a {bad[0]} that is not finite; the last checkpoint is from before: try a "
            f"smaller learning rate (--set optimizer.lr=...) or --precision float32"
        )
    return figures


def conclude(session: Session) -> None:
    """Let the task fit what stands on the final weights; see `Task.conclude`."""
    task, facts = session.run.task, session.scan.facts

    def batches(
        transform: Callable[[Batch], Batch] | None = None, *, most: int | None = None
    ) -> Iterator[Batch]:
        """See `TrainingBatches`."""
        every = 1 if most is None else max(1, math.ceil(len(session.train) / most))
        loader = Loader(
            session.train if every == 1 else session.train.subset(range(0, len(session.train), every)),
            batch_size=max(1, min(session.loader.batch_size, 256)),
            workers=session.loader.workers,
            transform=transform or task.augmentation(facts, train=False),
        )
        return (session.place(batch) for batch in loader)

    session.model.eval()
    task.conclude(session.model, batches)


def keep_best(session: Session, figures: dict[str, Any], epoch: int) -> bool:
    """Keep the averaged weights when they are at least as good as the best before.

    Without validation pictures the latest weights are kept.
    """
    score = session.run.task.score
    if figures and not score.better(figures, session.best_score):
        return False
    if not figures or session.best_score is None or float(figures[score.name]) != session.best_score:
        session.improved_epoch = epoch
    session.best_score = float(figures[score.name]) if figures else None
    session.best_epoch = epoch
    save_best(session)
    return True


def out_of_patience(session: Session) -> bool:
    """Tell whether too many epochs went by without a better score."""
    patience = session.run.patience
    return bool(patience) and session.epoch - 1 - session.improved_epoch >= patience


def _is_update(session: Session, batch: Batch) -> bool:
    done = batch.position + 1
    return done % session.run.accumulate == 0 or done == len(session.loader)


def _work(session: Session, progress: float) -> float:
    plan = session.run.task.augmentation(session.scan.facts, train=True, progress=progress)
    return float(plan.height * plan.width)


def _not_finite(batch: Batch, value: float, session: Session) -> str:
    names = ", ".join(map(one_line, batch.keys[:4])) + (
        f" and {len(batch.keys) - 4} more" if len(batch.keys) > 4 else ""
    )
    rate = max(group["lr"] for group in session.optimizer.param_groups)
    return (
        f"the loss became {value} in epoch {batch.epoch + 1}, batch {batch.position + 1} ({names}), "
        f"at learning rate {rate:.3g}; the weights were not updated: try a smaller learning rate "
        f"(--set optimizer.lr=...), --set clip=1, or --precision float32"
    )


def _step_event(session: Session, batch: Batch, loss: float) -> Step:
    return Step(
        step=session.step,
        epoch=batch.epoch,
        epochs=session.plan.epochs,
        share=(batch.position + 1) / len(session.loader),
        loss=loss,
        learning_rate=max(float(group["lr"]) for group in session.optimizer.param_groups),
        waited_s=session.loader.waited_s,
    )


def _epoch_event(
    session: Session, epoch: int, losses: list[float], figures: dict[str, Any], trained_s: float
) -> Epoch:
    """After a resume inside an epoch, its loss, seconds and speed are those of the remainder."""
    numbers = {name: float(value) for name, value in figures.items() if isinstance(value, int | float)}
    score = session.run.task.score
    shown = f"{score.name.replace('_', ' ')} {score.shown(numbers[score.name])}" if numbers else ""
    return Epoch(
        epoch=epoch,
        epochs=session.plan.epochs,
        step=session.step,
        train_loss=sum(losses) / len(losses) if losses else None,
        validation_loss=numbers.pop("loss", None),
        scores=numbers,
        shown=shown,
        best=session.best_epoch == epoch,
        seconds=trained_s,
        elapsed=session.elapsed_s,
        pictures_per_s=len(losses) * session.loader.batch_size / trained_s if trained_s > 0 else None,
        waiting=min(1.0, session.loader.waited_s / trained_s) if trained_s > 0 else None,
    )
