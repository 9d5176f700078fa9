"""`GradientNorms`: what the norm of the gradient usually is, and when one is far beyond it."""

import math
from dataclasses import dataclass
from typing import Any

_RATE = 0.02
_LEAST_SEEN = 20


@dataclass(kw_only=True)
class GradientNorms:
    """A slowly moving mean of the logarithm of gradient norms.

    Args:
        log_mean: the mean, natural logarithm.
        seen: norms it was taken from.
    Source:
        Child 2021, arXiv:2011.10650, appendix D (updates above a fixed norm are skipped). Departure:
        the limit is a multiple of the recent mean, so that it needs no tuning to the loss's unit.
    """

    log_mean: float = 0.0
    seen: int = 0

    def is_spike(self, norm: float, *, times: float) -> bool:
        """Whether a norm is not finite, or more than `times` the mean; the first 20 never are, if finite.

        A norm that is no spike is taken into the mean. A spike moves it as if it stood at the limit, so
        that norms which stay larger are accepted after a while.
        """
        if not math.isfinite(norm):
            return True
        log = math.log(max(norm, 1e-30))
        limit = self.log_mean + math.log(times)
        spike = self.seen >= _LEAST_SEEN and log > limit
        rate = max(_RATE, 1 / (self.seen + 1))
        self.log_mean += rate * ((limit if spike else log) - self.log_mean)
        self.seen += 1
        return spike

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `GradientNorms(**data)` gives equal norms back."""
        return {"log_mean": self.log_mean, "seen": self.seen}
