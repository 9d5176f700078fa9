"""The family of pyramids: the half of a U-Net that goes down."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from vitral.core import Spec


@dataclass(frozen=True, kw_only=True)
class Pyramid(Spec, family="pyramid"):
    """A network from a picture to maps of features, from fine to coarse."""

    @abstractmethod
    def build(self, inputs: int) -> "PyramidNet":
        """Make the module.

        Args:
            inputs: channels of a picture, at least 1; their levels lie on [0, 1].
        Raises:
            MissingExtra: a library is not installed.
            OptionError: the network cannot take pictures of so many channels.
        """


class PyramidNet(nn.Module, ABC):
    """The module of a `Pyramid`.

    `widths` are the channels of its maps and `strides` the pixels between their places along each
    side: powers of two that rise.
    """

    widths: tuple[int, ...]
    strides: tuple[int, ...]

    @abstractmethod
    def forward(self, pictures: Float[Tensor, "b c h w"]) -> list[Float[Tensor, "b c2 h2 w2"]]:
        """The maps, each h / stride x w / stride rounded up; any size of at least 1 x 1 is taken."""
