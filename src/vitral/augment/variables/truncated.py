"""`truncated`: a variable that stays within bounds."""

from dataclasses import dataclass

import numpy as np

from vitral.augment.variables.variable import Numbers, Units, Variable
from vitral.core import OptionError, option


@dataclass(frozen=True, kw_only=True)
class Truncated(Variable, kind="truncated"):
    """Another variable, whose numbers beyond the bounds are moved to them.

    Raises:
        OptionError: the lower bound lies above the upper one.
    """

    of: Variable = option(help="the variable")
    low: float = option(0.0, "lowest number")
    high: float = option(1.0, "highest number")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low > self.high:
            raise OptionError(f"Truncated.low: must not lie above high, got {self.low:g} and {self.high:g}")

    def sample(self, units: Units) -> Numbers:
        """Numbers of the other variable within the bounds."""
        return np.clip(self.of.sample(lambda name: units(f"of.{name}")), self.low, self.high)

    @property
    def bounds(self) -> tuple[float, float]:
        """The bounds, or those of the variable where they are narrower."""
        low, high = self.of.bounds
        return min(max(low, self.low), self.high), max(min(high, self.high), self.low)
