"""`SiLU` as a Spec."""

from dataclasses import dataclass

from torch import nn

from vitral.nn.activations.activation import Activation


@dataclass(frozen=True, kw_only=True)
class SiLU(Activation, kind="silu"):
    """Weighs each number by its own sigmoid; also called swish.

    y = x / (1 + e^-x).

    Source:
        Elfwing, Uchibe, Doya 2018, arXiv:1702.03118; Ramachandran et al. 2017, arXiv:1710.05941
        (beta = 1).
    """

    def build(self) -> nn.Module:
        """Make the module."""
        return nn.SiLU()
