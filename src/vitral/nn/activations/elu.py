"""`ELU` as a Spec."""

from dataclasses import dataclass

from torch import nn

from vitral.core import option
from vitral.nn.activations.activation import Activation


@dataclass(frozen=True, kw_only=True)
class ELU(Activation, kind="elu"):
    """Keeps positive numbers; negative ones fade to a floor.

    y = x for x > 0, alpha * (e^x - 1) below; the floor is -alpha.

    Source:
        Clevert, Unterthiner, Hochreiter 2016, arXiv:1511.07289, eq. 1.
    """

    alpha: float = option(1.0, "depth of the floor", low=0, high=10)

    def build(self) -> nn.Module:
        """Make the module."""
        return nn.ELU(self.alpha)
