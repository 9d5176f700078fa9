"""Random numbers as values: what an op may be given in place of a number."""

from vitral.augment.variables.choice import Choice
from vitral.augment.variables.constant import Constant
from vitral.augment.variables.discrete import Discrete
from vitral.augment.variables.normal import Normal
from vitral.augment.variables.product import Product
from vitral.augment.variables.sum import Sum
from vitral.augment.variables.truncated import Truncated
from vitral.augment.variables.uniform import Uniform
from vitral.augment.variables.variable import Numbers, Param, Variable, variable

__all__ = [
    "Choice",
    "Constant",
    "Discrete",
    "Normal",
    "Numbers",
    "Param",
    "Product",
    "Sum",
    "Truncated",
    "Uniform",
    "Variable",
    "variable",
]
