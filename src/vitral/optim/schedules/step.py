"""`Step` as a Spec."""

from dataclasses import dataclass

from vitral.core import option
from vitral.optim.schedules.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Step(Schedule, kind="step"):
    """Falls at given moments of the run.

    factor = drop ^ (number of moments reached); the end value has all of them.

    Source:
        He et al. 2016, arXiv:1512.03385, section 4.2 (half and three quarters, to a tenth).
    """

    moments: tuple[float, ...] = option(
        (0.5, 0.75), "shares of the whole run at which it falls", low=0, high=1
    )
    drop: float = option(0.1, "what remains at each fall", low=0, high=1)

    def __call__(self, progress: float) -> float:
        """The factor at a moment of the run; see `Schedule`. Moments inside the warm-up count too."""
        return super().__call__(progress) * self.drop ** sum(progress >= moment for moment in self.moments)

    def _after_warmup(self, progress: float) -> float:
        return 1.0
