"""`ResidualPyramid`: residual stages, each of half the size of the one before."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from vitral.core import OptionError, option
from vitral.nn.activations import Activation, ReLU
from vitral.nn.blocks import ConvNormAct, ResidualBlock
from vitral.nn.dense.pyramid import Pyramid, PyramidNet

_MIDDLE, _SPREAD = 0.5, 0.25


@dataclass(frozen=True, kw_only=True)
class ResidualPyramid(Pyramid, kind="residual"):
    """Residual stages, each of half the size of the one before.

    Raises:
        OptionError: widths and depths differ in length, or there is no stage.
    Source:
        He et al. 2019, arXiv:1812.01187 (ResNet-D). Departures: a stem of one convolution without
        pooling, the first stage halves too.
    """

    activation: Activation = option(ReLU(), "the bend after every norm")
    stem: int = option(32, "channels at half the size", low=1, high=4096)
    widths: tuple[int, ...] = option((64, 128, 192, 256), "channels of each stage", low=1, high=4096)
    depths: tuple[int, ...] = option((2, 2, 2, 2), "residual blocks of each stage", low=1, high=100)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.widths) != len(self.depths) or not self.widths:
            raise OptionError(
                f"ResidualPyramid: widths and depths must name the same stages, at least one, "
                f"got {self.widths} and {self.depths}"
            )

    def build(self, inputs: int) -> "ResidualPyramidNet":
        """Make the module; see `Pyramid.build`."""
        return ResidualPyramidNet(self, inputs)


class ResidualPyramidNet(PyramidNet):
    """The module of `ResidualPyramid`."""

    def __init__(self, spec: ResidualPyramid, inputs: int) -> None:
        super().__init__()
        self.widths = (spec.stem, *spec.widths)
        self.strides = tuple(2 ** (n + 1) for n in range(len(self.widths)))
        self.stem = ConvNormAct(inputs, spec.stem, activation=spec.activation, stride=2)
        self.stages = nn.ModuleList(
            nn.Sequential(
                ResidualBlock(before, width, activation=spec.activation, stride=2),
                *(ResidualBlock(width, width, activation=spec.activation) for _ in range(depth - 1)),
            )
            for before, width, depth in zip(self.widths[:-1], spec.widths, spec.depths, strict=True)
        )

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> list[Float[Tensor, "b c2 h2 w2"]]:
        """See `PyramidNet.forward`."""
        maps = [self.stem((pictures - _MIDDLE) / _SPREAD)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps
