"""`uniform`: all numbers of a range alike."""

from dataclasses import dataclass

from vitral.augment.variables.variable import Numbers, Units, Variable
from vitral.core import OptionError, option


@dataclass(frozen=True, kw_only=True)
class Uniform(Variable, kind="uniform"):
    """All numbers of a range alike.

    Raises:
        OptionError: the lower end lies above the upper one.
    """

    low: float = option(0.0, "lowest number")
    high: float = option(1.0, "number below which all lie")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low > self.high:
            raise OptionError(f"Uniform.low: must not lie above high, got {self.low:g} and {self.high:g}")

    def sample(self, units: Units) -> Numbers:
        """Numbers in [low, high)."""
        return self.low + (self.high - self.low) * units("uniform")

    @property
    def bounds(self) -> tuple[float, float]:
        """Both ends of the range."""
        return self.low, self.high
