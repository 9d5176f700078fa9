"""`Constant` as a Spec."""

from dataclasses import dataclass

from vitral.optim.schedules.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule, kind="constant"):
    """The same learning rate to the end.

    factor = 1 after the warm-up, and at the end.

    Source:
        Robbins, Monro 1951, "A stochastic approximation method"; the plain case.
    """

    def _after_warmup(self, progress: float) -> float:
        return 1.0
