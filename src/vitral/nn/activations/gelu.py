"""`GELU` as a Spec."""

from dataclasses import dataclass

from torch import nn

from vitral.nn.activations.activation import Activation


@dataclass(frozen=True, kw_only=True)
class GELU(Activation, kind="gelu"):
    """Weighs each number by how rarely a normal number exceeds it.

    y = x * Phi(x), Phi the distribution function of the standard normal; exact, by erf.

    Source:
        Hendrycks, Gimpel 2016, arXiv:1606.08415, eq. 1.
    """

    def build(self) -> nn.Module:
        """Make the module."""
        return nn.GELU()
