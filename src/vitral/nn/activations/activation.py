"""The family of activations."""

from abc import abstractmethod
from dataclasses import dataclass

from torch import nn

from vitral.core import Spec


@dataclass(frozen=True, kw_only=True)
class Activation(Spec, family="activation"):
    """A bend applied to every number of a feature map by itself."""

    @abstractmethod
    def build(self) -> nn.Module:
        """Make the module: same shape and type out as in, nothing changed in place."""
