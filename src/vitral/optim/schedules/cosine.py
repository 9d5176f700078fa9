"""`Cosine` as a Spec."""

import math
from dataclasses import dataclass

from vitral.core import option
from vitral.optim.schedules.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule, kind="cosine"):
    """Falls along half a cosine: slowly, then fast, then slowly.

    factor = end + (1 - end) (1 + cos(pi t)) / 2, t from 0 to 1 after the warm-up.

    Source:
        Loshchilov, Hutter 2017, arXiv:1608.03983, eq. 5. Departure: no restarts.
    """

    end: float = option(0.0, "factor at the end", low=0, high=1)

    def _after_warmup(self, progress: float) -> float:
        return self.end + (1 - self.end) * (1 + math.cos(math.pi * progress)) / 2
