"""`UNetNet`: the module of a U-Net."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vitral.core import OptionError
from vitral.nn.activations import Activation
from vitral.nn.blocks import ConvNormAct, check_pictures
from vitral.nn.dense.dense_network import DenseNet
from vitral.nn.dense.pyramid import PyramidNet


class UNetNet(DenseNet):
    """The module of `UNet`.

    `heads[i][-1]` is the last convolution, 1 x 1, of the i-th head, whose bias a task may set.

    Args:
        pyramid: the way down.
        inputs: channels of a picture.
        heads: channels of each kind of answer.
        stride: pixels between two places of an answer: 1, 2 or 4.
        widths: channels on the way up, from fine to coarse.
        detail: channels at the full size.
        activation: the bend after every norm.
        dropout: share of channels hidden from the heads in training.
    """

    def __init__(
        self,
        pyramid: PyramidNet,
        *,
        inputs: int,
        heads: Sequence[int],
        stride: int,
        widths: Sequence[int],
        detail: int,
        activation: Activation,
        dropout: float,
    ) -> None:
        super().__init__(inputs, heads, stride)
        self.pyramid = pyramid
        # Finer maps than the answers are not looked at.
        self.used = [n for n, s in enumerate(pyramid.strides) if s >= stride]
        if not self.used:
            raise OptionError(
                f"UNet: must have a map at stride {stride} or coarser, got {pyramid.strides}; add stages"
            )
        maps = [pyramid.widths[n] for n in self.used]
        self.context = nn.Conv2d(maps[-1], maps[-1], 1)
        rungs: list[nn.Module] = []
        below = maps[-1]
        for n in reversed(range(len(maps) - 1)):
            width = widths[min(n, len(widths) - 1)]
            rungs.append(_Rung(below, maps[n], width, activation))
            below = width
        self.rungs = nn.ModuleList(rungs)
        finer = stride < pyramid.strides[self.used[0]]
        self.detail = _Detail(inputs, detail, stride, activation) if finer else None
        width = detail + below if finer else below
        hidden = detail if finer else below
        self.dropout = nn.Dropout2d(dropout)
        self.heads = nn.ModuleList(
            nn.Sequential(ConvNormAct(width, hidden, activation=activation), nn.Conv2d(hidden, outputs, 1))
            for outputs in heads
        )
        self.features = maps[-1] + below
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for head in self.heads:
            nn.init.normal_(head[-1].weight, std=0.01)  # pyright: ignore[reportIndexIssue]

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h2 w2"]:
        """See `DenseNet.forward`.

        Raises:
            ShapeError: the pictures have another number of channels, or an empty side.
        """
        _, fine = self.described(pictures)
        if self.detail is not None:
            fine = self.detail(pictures, fine)
        fine = self.dropout(fine)
        return torch.cat([head(fine) for head in self.heads], 1)

    def described(
        self, pictures: Float[Tensor, "b c h w"]
    ) -> tuple[Float[Tensor, "b c2 h2 w2"], Float[Tensor, "b c3 h3 w3"]]:
        """The coarsest map on the way down, and the finest on the way up.

        Raises:
            ShapeError: the pictures have another number of channels, or an empty side.
        """
        check_pictures("UNet", pictures, channels=self.inputs)
        maps = self.pyramid(pictures)
        coarse = maps[self.used[-1]]
        found = coarse + self.context(coarse.mean((2, 3), keepdim=True))
        for rung, n in zip(self.rungs, reversed(self.used[:-1]), strict=True):
            found = rung(found, maps[n])
        return coarse, found


class _Rung(nn.Module):
    """One step up: the coarse map at the size of the finer one, joined with it."""

    def __init__(self, coarse: int, fine: int, width: int, activation: Activation) -> None:
        super().__init__()
        self.join = ConvNormAct(coarse + fine, width, activation=activation)
        self.refine = ConvNormAct(width, width, activation=activation)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        return self.refine(self.join(torch.cat([_resized(coarse, fine.shape[2:]), fine], 1)))


class _Detail(nn.Module):
    """What the picture shows at a finer size than the finest map, beside that map."""

    def __init__(self, inputs: int, width: int, stride: int, activation: Activation) -> None:
        super().__init__()
        self.look = ConvNormAct(inputs, width, activation=activation, stride=stride)

    def forward(self, pictures: Tensor, fine: Tensor) -> Tensor:
        seen = self.look(pictures)
        return torch.cat([_resized(fine, seen.shape[2:]), seen], 1)


def _resized(features: Tensor, size: Sequence[int]) -> Tensor:
    return functional.interpolate(features, tuple(size), mode="bilinear", align_corners=False)
