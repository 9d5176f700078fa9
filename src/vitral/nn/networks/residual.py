"""`ResidualNet`: the network for pictures above 64 px."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vitral.core import OptionError, option
from vitral.nn.activations import Activation, ReLU
from vitral.nn.blocks import ConvNormAct, ResidualBlock, check_pictures
from vitral.nn.networks.network import Network


@dataclass(frozen=True, kw_only=True)
class ResidualNet(Network, kind="residual"):
    """A residual network for pictures of ordinary size.

    A stem that halves the sides, stages of residual blocks that each halve them again, the
    mean over all places, and a linear head.

    Raises:
        OptionError: widths and depths differ in length, or a stage has no block.
    Source:
        He et al. 2016, arXiv:1512.03385; He et al. 2019, arXiv:1812.01187 (ResNet-D).
        Departures: a stem of one convolution without pooling, the first stage halves too.
    """

    activation: Activation = option(ReLU(), "the bend after every norm")
    stem: int = option(32, "channels of the first convolution", low=1, high=4096)
    widths: tuple[int, ...] = option((32, 64, 128, 256), "channels of each stage", low=1, high=4096)
    depths: tuple[int, ...] = option((2, 2, 2, 2), "residual blocks of each stage", low=1, high=100)
    dropout: float = option(0.0, "share of features hidden from the head in training", low=0, high=0.9)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.widths) != len(self.depths) or not self.widths:
            raise OptionError(
                f"ResidualNet: widths and depths must name the same stages, at least one, "
                f"got {self.widths} and {self.depths}"
            )

    def build(self, inputs: int, classes: int) -> nn.Module:
        """Make the module."""
        return ResidualClassifier(self, inputs, classes)


class ResidualClassifier(nn.Module):
    """The module of `ResidualNet`."""

    def __init__(self, spec: ResidualNet, inputs: int, classes: int) -> None:
        super().__init__()
        self.inputs = inputs
        self.stem = ConvNormAct(inputs, spec.stem, activation=spec.activation, stride=2)
        before = (spec.stem, *spec.widths)
        self.stages = nn.Sequential(
            *(
                _stage(before[n], width, depth, spec.activation)
                for n, (width, depth) in enumerate(zip(spec.widths, spec.depths, strict=True))
            )
        )
        self.dropout = nn.Dropout(spec.dropout)
        self.head = nn.Linear(spec.widths[-1], classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Scores of normalized pictures.

        Raises:
            ShapeError: the pictures have another number of channels, or an empty side.
        """
        check_pictures("ResidualNet", pictures, channels=self.inputs)
        features = self.stages(self.stem(pictures))
        return self.head(self.dropout(functional.adaptive_avg_pool2d(features, 1).flatten(1)))


def _stage(inputs: int, width: int, depth: int, activation: Activation) -> nn.Sequential:
    first = ResidualBlock(inputs, width, activation=activation, stride=2)
    rest = (ResidualBlock(width, width, activation=activation) for _ in range(depth - 1))
    return nn.Sequential(first, *rest)
