"""`FastNet`: the network for pictures of up to 64 px."""

import itertools
import math
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from vitral.core import OptionError, option
from vitral.nn.activations import GELU, Activation
from vitral.nn.blocks import PatchWhitening, PooledPair, check_pictures
from vitral.nn.data_dependent import DataDependent
from vitral.nn.networks.network import Network


@dataclass(frozen=True, kw_only=True)
class FastNet(Network, kind="fast"):
    """A small network that learns small pictures in a few passes.

    Frozen patch whitening, blocks of two convolutions that halve the sides, the largest value
    of each channel, and a linear head without bias, scaled down.

    Raises:
        OptionError: there is no block.
    Source:
        Jordan 2024, arXiv:2404.00498, section 3 (airbench94). Departures: any picture size
        (a side of one pixel is no longer pooled), a head scaled by 1 / sqrt(width).
    """

    activation: Activation = option(GELU(), "the bend after every norm")
    widths: tuple[int, ...] = option((64, 256, 256), "channels of each block", low=1, high=4096)
    momentum: float = option(
        0.4, "share of a new batch in the running statistics of the norms", low=0, high=1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.widths:
            raise OptionError("FastNet.widths: must name at least one block, got none")

    def build(self, inputs: int, classes: int) -> nn.Module:
        """Make the module; its `prepare` wants to see pictures before training."""
        return FastClassifier(self, inputs, classes)


class FastClassifier(nn.Module, DataDependent):
    """The module of `FastNet`."""

    def __init__(self, spec: FastNet, inputs: int, classes: int) -> None:
        super().__init__()
        self.inputs = inputs
        self.whitening = PatchWhitening(inputs)
        self.act = spec.activation.build()
        widths = (self.whitening.outputs, *spec.widths)
        self.blocks = nn.Sequential(
            *(
                PooledPair(before, after, activation=spec.activation, momentum=spec.momentum)
                for before, after in itertools.pairwise(widths)
            )
        )
        self.head = nn.Linear(widths[-1], classes, bias=False)
        self.scale = 1 / math.sqrt(widths[-1])
        nn.init.normal_(self.head.weight)

    def prepare(self, inputs: Float[Tensor, "b c h w"]) -> None:
        """Set the whitening filters from normalized pictures.

        Raises:
            ShapeError: the pictures have another number of channels, or an empty side.
        """
        check_pictures("FastNet.prepare", inputs, channels=self.inputs)
        self.whitening.fit(inputs)

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Scores of normalized pictures.

        Raises:
            ShapeError: the pictures have another number of channels, or an empty side.
        """
        check_pictures("FastNet", pictures, channels=self.inputs)
        features = self.blocks(self.act(self.whitening(pictures)))
        return self.head(features.amax((2, 3))) * self.scale
