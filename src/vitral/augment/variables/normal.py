"""`normal`: numbers around a mean."""

import math
from dataclasses import dataclass

import numpy as np

from vitral.augment.variables.variable import Numbers, Units, Variable
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Normal(Variable, kind="normal"):
    """Numbers from a normal distribution; two of three lie within one deviation of the mean."""

    mean: float = option(0.0, "center of the distribution")
    deviation: float = option(1.0, "standard deviation", low=0)

    def sample(self, units: Units) -> Numbers:
        """Numbers by inverting the distribution."""
        from scipy.special import ndtri

        # Half a step from 0, whose inverse is minus infinity.
        return self.mean + self.deviation * ndtri(np.maximum(units("normal"), 2.0**-54))

    @property
    def bounds(self) -> tuple[float, float]:
        """Without bounds, unless the deviation is 0."""
        far = math.inf if self.deviation > 0 else 0.0
        return self.mean - far, self.mean + far
