"""`PictureUNet`: a U-Net that answers for the whole picture."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vitral.core import option
from vitral.nn.activations import Activation, ReLU
from vitral.nn.blocks import check_pictures
from vitral.nn.dense import ResidualPyramid, UNet
from vitral.nn.networks.network import Network

_STRIDE = 4


@dataclass(frozen=True, kw_only=True)
class PictureUNet(Network, kind="unet"):
    """A U-Net that answers for the whole picture.

    Its coarsest map on the way down and its finest on the way up are pooled.

    Raises:
        OptionError: widths and depths differ in length, or there is no stage.
    Source:
        Ronneberger, Fischer, Brox 2015, arXiv:1505.04597. Departure: a head on pooled maps.
    """

    activation: Activation = option(ReLU(), "the bend after every norm")
    stem: int = option(32, "channels at half the size", low=1, high=4096)
    widths: tuple[int, ...] = option((64, 128, 192), "channels of each stage down", low=1, high=4096)
    depths: tuple[int, ...] = option((2, 2, 2), "residual blocks of each stage down", low=1, high=100)
    up: tuple[int, ...] = option((64, 96, 128), "channels on the way up, from fine to coarse", low=1)
    dropout: float = option(0.0, "share of features hidden from the head in training", low=0, high=0.9)

    def build(self, inputs: int, classes: int) -> "PictureUNetClassifier":
        """Make the module."""
        return PictureUNetClassifier(self, inputs, classes)


class PictureUNetClassifier(nn.Module):
    """The module of `PictureUNet`."""

    def __init__(self, spec: PictureUNet, inputs: int, classes: int) -> None:
        super().__init__()
        self.inputs = inputs
        encoder = ResidualPyramid(
            activation=spec.activation, stem=spec.stem, widths=spec.widths, depths=spec.depths
        )
        unet = UNet(activation=spec.activation, encoder=encoder, widths=spec.up)
        self.unet = unet.build(inputs, (1,), stride=_STRIDE)
        # Answers for each place are not asked for.
        self.unet.heads = nn.ModuleList()
        self.dropout = nn.Dropout(spec.dropout)
        self.head = nn.Linear(2 * self.unet.features, classes)

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Scores of normalized pictures.

        Raises:
            ShapeError: the pictures have another number of channels, or an empty side.
        """
        check_pictures("PictureUNet", pictures, channels=self.inputs)
        maps = self.unet.described(pictures)
        pooled = [one.mean((2, 3)) for one in maps] + [one.amax((2, 3)) for one in maps]
        return self.head(self.dropout(torch.cat(pooled, 1)))
