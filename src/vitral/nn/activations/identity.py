"""`Identity` as a Spec."""

from dataclasses import dataclass

from torch import nn

from vitral.nn.activations.activation import Activation


@dataclass(frozen=True, kw_only=True)
class Identity(Activation, kind="identity"):
    """Leaves every number as it is: a network without bends.

    y = x.

    Source:
        Textbook; a network of only these is one linear map.
    """

    def build(self) -> nn.Module:
        """Make the module."""
        return nn.Identity()
