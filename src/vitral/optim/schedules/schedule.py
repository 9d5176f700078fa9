"""The family of schedules: how the learning rate changes over a run."""

from abc import abstractmethod
from dataclasses import dataclass

from vitral.core import Spec, option


@dataclass(frozen=True, kw_only=True)
class Schedule(Spec, family="schedule"):
    """A factor for every learning rate, as a function of how much of the run is done.

    It knows shares of the run, not steps: the same schedule serves a run of any length, also
    one that is limited by time.

    Source:
        Warm-up: Goyal et al. 2017, arXiv:1706.02677, section 2.2.
    """

    warmup: float = option(
        0.0, "share of the run in which the factor rises", low=0, high=1, search=(0.0, 0.3)
    )
    start: float = option(0.02, "factor at the very beginning of the warm-up", low=0, high=1)

    def __call__(self, progress: float) -> float:
        """The factor at a moment of the run.

        Args:
            progress: share of the run that is done, in [0, 1]; beyond it the ends are held.
        Returns:
            At least 0; 1 where the learning rate is the one that was asked for.
        """
        progress = min(max(progress, 0.0), 1.0)
        if progress < self.warmup:
            return self.start + (1 - self.start) * self._rise(progress / self.warmup)
        left = 1 - self.warmup
        return self._after_warmup((progress - self.warmup) / left if left > 0 else 1.0)

    def _rise(self, progress: float) -> float:
        """The way up, from 0 to 1, as `progress` goes through the warm-up."""
        return progress

    @abstractmethod
    def _after_warmup(self, progress: float) -> float:
        """The factor once the warm-up is over, as `progress` goes from 0 to 1."""
