"""The family of networks that answer for every place of a picture."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from vitral.core import OptionError, Spec

STRIDES = (1, 2, 4)


@dataclass(frozen=True, kw_only=True)
class DenseNetwork(Spec, family="dense network"):
    """A network from pictures of any size to maps of answers.

    Random weights come from torch's generator: seed it to get the same network again.
    """

    @abstractmethod
    def build(self, inputs: int, heads: Sequence[int], *, stride: int = 1) -> "DenseNet":
        """Make the module.

        Args:
            inputs: channels of a picture, at least 1; their levels lie on [0, 1].
            heads: channels of each kind of answer, at least one kind.
            stride: pixels between two places of an answer, along each side: 1, 2 or 4.
        Raises:
            OptionError: a number is out of its range.
        """


class DenseNet(nn.Module, ABC):
    """The module of a `DenseNetwork`.

    Args:
        inputs: channels of a picture.
        heads: channels of each kind of answer.
        stride: pixels between two places of an answer.
    Raises:
        OptionError: no head, a head without channels, or a stride that is not 1, 2 or 4.
    """

    def __init__(self, inputs: int, heads: Sequence[int], stride: int) -> None:
        super().__init__()
        if not heads or min(heads) < 1:
            raise OptionError(f"DenseNetwork.heads: must name at least one channel each, got {tuple(heads)}")
        if stride not in STRIDES:
            raise OptionError(f"DenseNetwork.stride: must be 1, 2 or 4, got {stride}")
        self.inputs, self.outputs, self.stride = inputs, tuple(heads), stride

    @abstractmethod
    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h2 w2"]:
        """Answers of all heads, side by side, h / stride x w / stride rounded up.

        Raises:
            ShapeError: the pictures have another number of channels, or an empty side.
        """
