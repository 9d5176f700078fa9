"""`OneCycle` as a Spec."""

import math
from dataclasses import dataclass

from vitral.core import option
from vitral.optim.schedules.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule, kind="one-cycle"):
    """Rises for a quarter of the run and falls for the rest, along cosines.

    factor = start + (1 - start) (1 - cos(pi t)) / 2 in the warm-up, then
    end + (1 - end) (1 + cos(pi t)) / 2, t from 0 to 1 in each part.

    Source:
        Smith, Topin 2018, arXiv:1708.07120; shape and numbers as in fastai. Departure: the
        momentum is not cycled.
    """

    warmup: float = option(
        0.25, "share of the run in which the factor rises", low=0, high=1, search=(0.1, 0.5)
    )
    start: float = option(0.04, "factor at the very beginning of the warm-up", low=0, high=1)
    end: float = option(0.00001, "factor at the end", low=0, high=1)

    def _rise(self, progress: float) -> float:
        return (1 - math.cos(math.pi * progress)) / 2

    def _after_warmup(self, progress: float) -> float:
        return self.end + (1 - self.end) * (1 + math.cos(math.pi * progress)) / 2
