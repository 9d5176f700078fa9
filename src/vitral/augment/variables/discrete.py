"""`discrete`: whole numbers of a range."""

from dataclasses import dataclass

import numpy as np

from vitral.augment.variables.variable import Numbers, Units, Variable
from vitral.core import OptionError, option


@dataclass(frozen=True, kw_only=True)
class Discrete(Variable, kind="discrete"):
    """All whole numbers of a range alike, both ends among them.

    Raises:
        OptionError: the lower end lies above the upper one.
    """

    low: int = option(0, "lowest number")
    high: int = option(1, "highest number")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low > self.high:
            raise OptionError(f"Discrete.low: must not lie above high, got {self.low} and {self.high}")

    def sample(self, units: Units) -> Numbers:
        """Whole numbers in [low, high]."""
        return np.floor(self.low + (self.high - self.low + 1) * units("discrete"))

    @property
    def bounds(self) -> tuple[float, float]:
        """Both ends of the range."""
        return self.low, self.high
