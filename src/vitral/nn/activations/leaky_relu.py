"""`LeakyReLU` as a Spec."""

from dataclasses import dataclass

from torch import nn

from vitral.core import option
from vitral.nn.activations.activation import Activation


@dataclass(frozen=True, kw_only=True)
class LeakyReLU(Activation, kind="leaky-relu"):
    """Keeps positive numbers and shrinks the others.

    y = x for x >= 0, slope * x below.

    Source:
        Maas, Hannun, Ng 2013, "Rectifier nonlinearities improve neural network acoustic
        models", eq. 2.
    """

    slope: float = option(0.01, "factor for negative numbers", low=0, high=1, search=(0.0, 0.3))

    def build(self) -> nn.Module:
        """Make the module."""
        return nn.LeakyReLU(self.slope)
