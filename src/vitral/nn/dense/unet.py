"""`UNet`: down to see what is there, and up again to see where."""

from collections.abc import Sequence
from dataclasses import dataclass

from vitral.core import option
from vitral.nn.activations import Activation, ReLU
from vitral.nn.dense.dense_network import DenseNetwork
from vitral.nn.dense.pyramid import Pyramid
from vitral.nn.dense.residual_pyramid import ResidualPyramid
from vitral.nn.dense.unet_net import UNetNet


@dataclass(frozen=True, kw_only=True)
class UNet(DenseNetwork, kind="unet"):
    """A pyramid of features on the way down, joined again from coarse to fine on the way up.

    Source:
        Ronneberger, Fischer, Brox 2015, arXiv:1505.04597, figure 1. Departures: maps of a pyramid of
        any kind instead of pooled double convolutions; norms; every map is brought to the size of the
        finer one, so that pictures of any size need no padding; the mean over the whole picture is
        added where the map is coarsest (Liu, Rabinovich, Berg 2015, arXiv:1506.04579).
    """

    activation: Activation = option(ReLU(), "the bend after every norm on the way up")
    encoder: Pyramid = option(ResidualPyramid(), "the way down")
    widths: tuple[int, ...] = option(
        (32, 64, 96, 128), "channels on the way up, from fine to coarse; the last holds for the rest",
        low=1, high=4096,
    )  # fmt: skip
    detail: int = option(
        16, "channels that see the picture at its full size, where answers have it", low=1, high=1024
    )
    dropout: float = option(0.1, "share of channels hidden from the heads in training", low=0, high=0.9)

    def build(self, inputs: int, heads: Sequence[int], *, stride: int = 1) -> UNetNet:
        """Make the module; see `DenseNetwork.build`.

        Raises:
            MissingExtra: the encoder needs a library that is not installed.
            OptionError: a number is out of its range.
        """
        return UNetNet(
            self.encoder.build(inputs),
            inputs=inputs,
            heads=heads,
            stride=stride,
            widths=self.widths,
            detail=self.detail,
            activation=self.activation,
            dropout=self.dropout,
        )
