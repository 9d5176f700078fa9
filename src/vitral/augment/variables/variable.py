"""`Variable`: a random number as a value, drawn once for each picture."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.core import Spec

Numbers = Float[NDArray[np.float64], " b"]
Units = Callable[[str], Numbers]
"""Gives numbers in [0, 1), one for each picture; another name gives independent ones."""


@dataclass(frozen=True, kw_only=True)
class Variable(Spec, family="variable"):
    """A random number, drawn once for each picture. Variables can be added, multiplied and negated."""

    @abstractmethod
    def sample(self, units: Units) -> Numbers:
        """One number for each picture, as a function of uniform ones."""

    @property
    @abstractmethod
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest number that can come."""

    def __add__(self, other: "Param") -> "Variable":
        from vitral.augment.variables.sum import Sum

        return Sum(terms=(self, variable(other)))

    def __radd__(self, other: "Param") -> "Variable":
        return variable(other) + self

    def __mul__(self, other: "Param") -> "Variable":
        from vitral.augment.variables.product import Product

        return Product(factors=(self, variable(other)))

    def __rmul__(self, other: "Param") -> "Variable":
        return variable(other) * self

    def __neg__(self) -> "Variable":
        return self * -1.0

    def __sub__(self, other: "Param") -> "Variable":
        return self + -variable(other)

    def __rsub__(self, other: "Param") -> "Variable":
        return variable(other) - self


Param = float | tuple[float, float] | Variable
"""What an op takes for a number: a constant, a pair for a range in which all are alike, a variable."""


def variable(what: Param) -> Variable:
    """The variable that a constant, a pair or a variable means."""
    from vitral.augment.variables.constant import Constant
    from vitral.augment.variables.uniform import Uniform

    if isinstance(what, Variable):
        return what
    if isinstance(what, tuple):
        return Uniform(low=what[0], high=what[1])
    return Constant(value=what)
