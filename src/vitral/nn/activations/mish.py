"""`Mish` as a Spec."""

from dataclasses import dataclass

from torch import nn

from vitral.nn.activations.activation import Activation


@dataclass(frozen=True, kw_only=True)
class Mish(Activation, kind="mish"):
    """Weighs each number by the tanh of its softplus.

    y = x * tanh(log(1 + e^x)).

    Source:
        Misra 2020, arXiv:1908.08681, eq. 1.
    """

    def build(self) -> nn.Module:
        """Make the module."""
        return nn.Mish()
