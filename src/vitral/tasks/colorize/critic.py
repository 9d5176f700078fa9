"""`Critic`: tells made colors from real ones, for a short finish of the training."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

_UNITS, _WIDTH, _SLOPE = 50.0, 48, 0.2


class Critic(nn.Module):
    """Says of every patch of 15 x 15 places how real its colors look, given the lightness.

    It learns in the same step as the network, whose gradient is turned around on its way: what makes
    the critic's task easier for it makes the network's colors worse. So one loss and one optimizer
    do for both.

    Source:
        Isola et al. 2017, arXiv:1611.07004, section 3.2.2 (patches); Ganin, Lempitsky 2015,
        arXiv:1409.7495, section 3.1 (the turned gradient).
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, _WIDTH, 3, padding=1),
            nn.LeakyReLU(_SLOPE),
            nn.Conv2d(_WIDTH, 2 * _WIDTH, 3, stride=2, padding=1),
            nn.LeakyReLU(_SLOPE),
            nn.Conv2d(2 * _WIDTH, 2 * _WIDTH, 3, padding=1),
            nn.LeakyReLU(_SLOPE),
            nn.Conv2d(2 * _WIDTH, 1, 3, padding=1),
        )

    def forward(
        self, lightness: Float[Tensor, "b c=1 h w"], ab: Float[Tensor, "b ab=2 h w"]
    ) -> Float[Tensor, "b c=1 h2 w2"]:
        """How real colors look: above 0 rather real.

        Args:
            lightness: mean of each place, in [0, 100].
            ab: its color.
        """
        return self.layers(torch.cat([lightness / _UNITS - 1, ab / _UNITS], 1))

    def loss(
        self,
        lightness: Float[Tensor, "b c=1 h w"],
        made: Float[Tensor, "b ab=2 h w"],
        right: Float[Tensor, "b ab=2 h w"],
        *,
        weight: float,
    ) -> Float[Tensor, " b"]:
        """Cross-entropy of the critic's judgment of each picture; made colors get the gradient turned.

        Args:
            lightness: mean of each place, in [0, 100].
            made: colors of the network, with a gradient.
            right: the real ones.
            weight: how much the network is moved by it.
        """
        turned = _Turned.apply(made, weight)
        real, false = self(lightness, right), self(lightness, turned)
        each = functional.softplus(-real.float()) + functional.softplus(false.float())
        return each.mean((1, 2, 3))


class _Turned(torch.autograd.Function):
    """The same numbers, with the gradient times minus a weight."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return -ctx.weight * gradient, None
