"""`constant`: always the same number."""

from dataclasses import dataclass

import numpy as np

from vitral.augment.variables.variable import Numbers, Units, Variable
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Constant(Variable, kind="constant"):
    """Always the same number."""

    value: float = option(0.0, "the number")

    def sample(self, units: Units) -> Numbers:
        """The number, once for each picture."""
        return np.full(len(units("")), self.value)

    @property
    def bounds(self) -> tuple[float, float]:
        """The number, twice."""
        return self.value, self.value
