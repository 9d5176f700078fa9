"""`ReLU` as a Spec."""

from dataclasses import dataclass

from torch import nn

from vitral.nn.activations.activation import Activation


@dataclass(frozen=True, kw_only=True)
class ReLU(Activation, kind="relu"):
    """Keeps positive numbers and sets the others to zero.

    y = max(x, 0).

    Source:
        Nair, Hinton 2010, "Rectified linear units improve restricted Boltzmann machines".
    """

    def build(self) -> nn.Module:
        """Make the module."""
        return nn.ReLU()
