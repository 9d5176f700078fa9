"""`Session`: a training that is under way: the objects it changes and the numbers it counts."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch

from vitral.core import Batch, Event, Precision
from vitral.data import Loader, PictureSet, Scan
from vitral.optim import Schedule
from vitral.tasks import TaskModel
from vitral.train.ema import Average
from vitral.train.gradient_norms import GradientNorms
from vitral.train.plan import Budget, Plan
from vitral.train.run import Run

Observer = Callable[[Event], None]


@dataclass(kw_only=True, eq=False)
class Session:
    """A training under way. Everything that changes from step to step is here.

    Args:
        run: the run with nothing left open.
        folder: the run folder.
        scan: the decoded pictures with their facts and the broken ones.
        train: the pictures to learn from.
        val: the pictures that judge each epoch.
        loader: batches of `train`; its three integers are the position in the training.
        model: the network being trained.
        average: its moving average, which is validated and kept; None when turned off.
        optimizer: with its groups' `base_lr`.
        schedule: factor on `base_lr` by progress.
        device: where the model is.
        precision: autocast and memory layout.
        plan: epochs and progress.
        budget: the time limit.
        observers: told of every event; they return nothing.
        opening: events of the preparation (choices, warnings), told once the record is open.
        step: optimizer steps made.
        best_score: the best validation score so far.
        best_epoch: the latest epoch that reached it, whose weights are kept.
        improved_epoch: the epoch that first reached it, from which patience counts.
        norms: what the gradient's norm usually is, for `Run.skip`.
        opened: digest of the pictures as they were opened, broken ones included.
        elapsed_before_s: training time before this process, when resumed.
    """

    run: Run
    folder: Path
    scan: Scan
    train: PictureSet
    val: PictureSet
    loader: Loader
    model: TaskModel
    average: Average | None
    optimizer: torch.optim.Optimizer
    schedule: Schedule
    device: torch.device
    precision: Precision
    plan: Plan
    budget: Budget
    observers: tuple[Observer, ...] = ()
    opening: tuple[Event, ...] = ()
    step: int = 0
    best_score: float | None = None
    best_epoch: int = -1
    improved_epoch: int = -1
    norms: GradientNorms = field(default_factory=GradientNorms)
    opened: str = ""
    elapsed_before_s: float = 0.0
    started: float = field(default_factory=time.perf_counter)

    @property
    def elapsed_s(self) -> float:
        """Training time so far, over all processes that worked on this run."""
        return self.elapsed_before_s + time.perf_counter() - self.started

    @property
    def epoch(self) -> int:
        """Number of the epoch in progress, from 0."""
        return int(self.loader.state_dict()["epoch"])

    def tell(self, event: Event) -> None:
        """Hand an event to every observer."""
        for observer in self.observers:
            observer(event)

    def autocast(self) -> torch.autocast:
        """The arithmetic of the forward pass."""
        wanted = self.precision.autocast
        return torch.autocast(self.device.type, dtype=wanted or torch.bfloat16, enabled=wanted is not None)

    def place(self, batch: Batch) -> Batch:
        """Move a batch to the model's device in the layout it wants."""
        return batch.to(self.device, channels_last=self.precision.channels_last)

    @contextmanager
    def averaged(self) -> Iterator[TaskModel]:
        """The model in evaluation mode with its averaged weights; the own ones come back after."""
        if self.average is None:
            self.model.eval()
            yield self.model
            return
        own = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average.weights)
        self.model.eval()
        try:
            yield self.model
        finally:
            self.model.load_state_dict(own)
