"""`Softplus` as a Spec."""

from dataclasses import dataclass

from torch import nn

from vitral.core import option
from vitral.nn.activations.activation import Activation


@dataclass(frozen=True, kw_only=True)
class Softplus(Activation, kind="softplus"):
    """A rounded ReLU: positive everywhere, smooth at zero.

    y = log(1 + e^(beta * x)) / beta; linear once beta * x > 20, where both agree in float32.

    Source:
        Dugas et al. 2001, "Incorporating second-order functional knowledge for better option
        pricing", eq. 7.
    """

    beta: float = option(1.0, "sharpness of the bend", low=0.1, high=100)

    def build(self) -> nn.Module:
        """Make the module."""
        return nn.Softplus(self.beta)
