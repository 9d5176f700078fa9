"""`choice`: one of some numbers."""

from dataclasses import dataclass

import numpy as np

from vitral.augment.variables.variable import Numbers, Units, Variable
from vitral.core import OptionError, option


@dataclass(frozen=True, kw_only=True)
class Choice(Variable, kind="choice"):
    """One of some numbers, all alike or by their weights.

    Raises:
        OptionError: there are no numbers, or not one weight above zero for each.
    """

    values: tuple[float, ...] = option((0.0, 1.0), "the numbers")
    weights: tuple[float, ...] | None = option(None, "how often each comes; none: all alike", low=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.values:
            raise OptionError("Choice.values: must hold at least one number")
        if self.weights is not None and (len(self.weights) != len(self.values) or sum(self.weights) <= 0):
            raise OptionError(
                f"Choice.weights: must hold {len(self.values)} numbers, not all zero, got {self.weights}"
            )

    def sample(self, units: Units) -> Numbers:
        """One of the numbers for each picture."""
        weights = np.ones(len(self.values)) if self.weights is None else np.array(self.weights)
        edges = np.cumsum(weights) / weights.sum()
        place = np.searchsorted(edges, units("choice"), side="right")
        return np.array(self.values)[np.minimum(place, len(self.values) - 1)]

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest of the numbers."""
        return min(self.values), max(self.values)
