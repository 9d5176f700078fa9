"""`sum`: variables added."""

from dataclasses import dataclass

from vitral.augment.variables.variable import Numbers, Units, Variable
from vitral.core import OptionError, option


@dataclass(frozen=True, kw_only=True)
class Sum(Variable, kind="sum"):
    """Variables added; each draws numbers of its own.

    Raises:
        OptionError: there is nothing to add.
    """

    terms: tuple[Variable, ...] = option(help="the variables")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.terms:
            raise OptionError("Sum.terms: must hold at least one variable")

    def sample(self, units: Units) -> Numbers:
        """The sum of a number of each."""
        return sum(
            (one.sample(lambda name, n=n: units(f"{n}.{name}")) for n, one in enumerate(self.terms)),
            start=0.0 * units(""),
        )

    @property
    def bounds(self) -> tuple[float, float]:
        """The sums of the bounds."""
        return sum(one.bounds[0] for one in self.terms), sum(one.bounds[1] for one in self.terms)
