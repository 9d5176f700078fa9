"""How far a training has come and how long it will go on: epochs, progress, time budget."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many epochs there will be, and how epochs map to progress in [0, 1].

    Schedules and growing pictures follow the progress. When a time budget makes the plan
    shorter, progress goes on from where it is and still ends at exactly 1.

    Args:
        epochs: passes over the training pictures, in total.
        since_epoch: the epoch at which this plan was made.
        since_progress: the progress at that moment.
    """

    epochs: int
    since_epoch: int = 0
    since_progress: float = 0.0

    def progress(self, epoch: int, share: float = 0.0) -> float:
        """Progress when `share` of epoch number `epoch` is done."""
        if epoch >= self.epochs:
            return 1.0
        done = (epoch + share - self.since_epoch) / (self.epochs - self.since_epoch)
        return min(self.since_progress + (1.0 - self.since_progress) * done, 1.0)

    def changed(self, epochs: int, *, at_epoch: int) -> "Plan":
        """The plan with another number of epochs, from the beginning of `at_epoch` on."""
        if epochs == self.epochs:
            return self
        return Plan(epochs=epochs, since_epoch=at_epoch, since_progress=self.progress(at_epoch))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `Plan(**data)` gives an equal plan back."""
        return {"epochs": self.epochs, "since_epoch": self.since_epoch, "since_progress": self.since_progress}


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A limit on the time of a training, and what is known of its speed.

    Args:
        seconds: the limit, counted from the start; None when there is none.
        fill: lengthen the plan to use the time, up to `most_epochs`; else only shorten it.
        most_epochs: epochs that are never exceeded.
        reserve: share of the limit kept for saving, the report, and a slower machine.
        speeds: seconds per unit of work of the epochs so far (see `fitted`).
    """

    seconds: float | None
    fill: bool
    most_epochs: int
    reserve: float = 0.04
    speeds: tuple[float, ...] = ()

    def is_spent(self, elapsed_s: float) -> bool:
        """Whether the limit is reached, so that training must end even inside an epoch."""
        return self.seconds is not None and elapsed_s >= self.seconds

    def observed(self, *, seconds: float, work: float) -> "Budget":
        """The budget after one more epoch took `seconds` for `work` units."""
        return replace(self, speeds=(*self.speeds, seconds / max(work, 1e-9)))

    def fitted(
        self, plan: Plan, *, next_epoch: int, elapsed_s: float, work: Callable[[float], float]
    ) -> Plan:
        """The plan that fits the remaining time, of at least one more epoch.

        An epoch that turns out too long is ended by `is_spent`.

        Args:
            plan: the plan so far.
            next_epoch: the epoch about to begin.
            elapsed_s: seconds since the start.
            work: cost of an epoch at a given progress, in any unit.
        """
        if self.seconds is None or not self.speeds or next_epoch >= plan.epochs:
            return plan
        left_s = self.seconds * (1 - self.reserve) - elapsed_s
        # The latest epochs tell the speed of now; the first one also paid for warming up.
        recent = sorted(self.speeds[-5:])
        speed = recent[len(recent) // 2]
        epochs = self.most_epochs if self.fill else plan.epochs
        while epochs > next_epoch + 1 and self._cost(plan, epochs, next_epoch, work) * speed > left_s:
            # Two percent of a long plan at a time is close enough: the next epoch corrects it.
            epochs = max(next_epoch + 1, epochs - max(1, (epochs - next_epoch) // 50))
        return plan if self._close(plan, epochs) else plan.changed(epochs, at_epoch=next_epoch)

    def _cost(self, plan: Plan, epochs: int, start: int, work: Callable[[float], float]) -> float:
        trial = plan.changed(epochs, at_epoch=start)
        return sum(work(trial.progress(epoch)) for epoch in range(start, epochs))

    def _close(self, plan: Plan, epochs: int) -> bool:
        # Lengthening by an epoch or two because a timing wavered would only make the log restless.
        return plan.epochs <= epochs <= plan.epochs * 1.02 + 1
