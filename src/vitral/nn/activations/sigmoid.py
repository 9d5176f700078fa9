"""`Sigmoid` as a Spec."""

from dataclasses import dataclass

from torch import nn

from vitral.nn.activations.activation import Activation


@dataclass(frozen=True, kw_only=True)
class Sigmoid(Activation, kind="sigmoid"):
    """Squeezes every number into (0, 1), as a probability.

    y = 1 / (1 + e^-x).

    Source:
        Rumelhart, Hinton, Williams 1986, "Learning representations by back-propagating errors",
        eq. 2.
    """

    def build(self) -> nn.Module:
        """Make the module."""
        return nn.Sigmoid()
