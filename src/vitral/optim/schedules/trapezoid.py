"""`Trapezoid` as a Spec."""

from dataclasses import dataclass

from vitral.core import OptionError, option
from vitral.optim.schedules.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Trapezoid(Schedule, kind="trapezoid"):
    """Rises, stays, and falls along straight lines.

    factor = 1 after the warm-up until the last `cooldown` of the run, then straight down to
    `end`. With warmup + cooldown = 1 it is a triangle.

    Raises:
        OptionError: warm-up and cooldown are longer than the run.
    Source:
        Zhai et al. 2022, arXiv:2106.04560, section 3.5; Haegele et al. 2024, arXiv:2405.18392.
    """

    warmup: float = option(
        0.1, "share of the run in which the factor rises", low=0, high=1, search=(0.0, 0.3)
    )
    cooldown: float = option(
        0.9, "share of the run in which the factor falls", low=0, high=1, search=(0.1, 0.7)
    )
    end: float = option(0.0, "factor at the end", low=0, high=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.warmup + self.cooldown > 1 + 1e-9:
            raise OptionError(
                f"Trapezoid: warmup + cooldown must be at most 1, got {self.warmup:g} + {self.cooldown:g}"
            )

    def _after_warmup(self, progress: float) -> float:
        left = (1 - progress) * (1 - self.warmup)
        if left >= self.cooldown:
            return 1.0 if left > 0 else self.end
        return self.end + (1 - self.end) * left / self.cooldown
