"""The family of networks that classify pictures."""

from abc import abstractmethod
from dataclasses import dataclass

from torch import nn

from vitral.core import Spec


@dataclass(frozen=True, kw_only=True)
class Network(Spec, family="network"):
    """A network from pictures, b x c x h x w of any size, to scores, b x k.

    Random weights come from torch's generator: seed it to get the same network again. Every
    member has an option `activation`.
    """

    @abstractmethod
    def build(self, inputs: int, classes: int) -> nn.Module:
        """Make the module.

        Args:
            inputs: channels of a picture, at least 1.
            classes: number of scores, at least 1.
        """
