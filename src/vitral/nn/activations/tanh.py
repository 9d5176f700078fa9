"""`Tanh` as a Spec."""

from dataclasses import dataclass

from torch import nn

from vitral.nn.activations.activation import Activation


@dataclass(frozen=True, kw_only=True)
class Tanh(Activation, kind="tanh"):
    """Squeezes every number into (-1, 1), odd around zero.

    y = tanh(x) = (e^x - e^-x) / (e^x + e^-x).

    Source:
        LeCun et al. 1998, "Efficient BackProp", section 4.4. Departure: not rescaled by 1.7159.
    """

    def build(self) -> nn.Module:
        """Make the module."""
        return nn.Tanh()
