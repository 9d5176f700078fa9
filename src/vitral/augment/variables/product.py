"""`product`: variables multiplied."""

import itertools
import math
from dataclasses import dataclass

from vitral.augment.variables.variable import Numbers, Units, Variable
from vitral.core import OptionError, option


@dataclass(frozen=True, kw_only=True)
class Product(Variable, kind="product"):
    """Variables multiplied; each draws numbers of its own.

    Raises:
        OptionError: there is nothing to multiply.
    """

    factors: tuple[Variable, ...] = option(help="the variables")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.factors:
            raise OptionError("Product.factors: must hold at least one variable")

    def sample(self, units: Units) -> Numbers:
        """The product of a number of each."""
        return math.prod(
            (one.sample(lambda name, n=n: units(f"{n}.{name}")) for n, one in enumerate(self.factors)),
            start=1.0 + 0.0 * units(""),  # pyright: ignore[reportCallIssue, reportArgumentType]
        )

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest product of bounds."""
        corners = [math.prod(ends) for ends in itertools.product(*(one.bounds for one in self.factors))]
        return min(corners), max(corners)
