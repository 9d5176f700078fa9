"""`ContextPrior`: how probable each quantized latent is, from those that are decoded before it."""

import math
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

TAPS = ((0, -1), (-1, -1), (-1, 0), (-1, 1), (0, -2), (-2, 0))
LEAST_SCALE, LEAST_PROBABILITY = 0.02, 1e-9
MOST_MAGNITUDE = 255.0


class ContextPrior(nn.Module):
    """A Laplace distribution for each latent, whose mean and scale are linear in decoded latents.

    Places are decoded in waves (place i, j in wave j + 2 i), and in a place one group of channels
    after the other. Known to a latent are six places of its own channel to the left and above,
    and the channels of earlier groups at its own place. With neither it is a factorized prior: one
    distribution for each channel and quality.

    Args:
        channels: of the latent.
        qualities: number of rates.
        groups: number of channel groups; 1 looks at no other channel.
        context: whether decoded latents are looked at.
    Source:
        Balle et al. 2017, arXiv:1611.01704 (factorized prior); Minnen et al. 2018, arXiv:1809.02736
        (context); the scale from magnitudes of neighbors as in Wu and Memon 1997 (CALIC). Departure:
        linear in both, so that a decoder does the same sums in integers on every machine.
    """

    earlier: Tensor

    def __init__(self, channels: int, qualities: int, *, groups: int = 4, context: bool = True) -> None:
        super().__init__()
        groups = min(groups, channels)
        self.context = context
        self.sizes = [channels // groups + (n < channels % groups) for n in range(groups)]
        self.scale_bias = nn.Parameter(torch.full((qualities, channels), math.log(0.3)))
        self.mean_bias = nn.Parameter(torch.zeros(qualities, channels))
        number = torch.repeat_interleave(torch.arange(groups), torch.tensor(self.sizes))
        self.register_buffer("earlier", (number[:, None] > number[None, :]).float(), persistent=False)
        if context:
            self.scale_taps = nn.Parameter(torch.full((channels, len(TAPS)), 0.08))
            self.mean_taps = nn.Parameter(torch.zeros(channels, len(TAPS)))
            self.scale_cross = nn.Parameter(torch.zeros(channels, channels))
            self.mean_cross = nn.Parameter(torch.zeros(channels, channels))

    def means_and_scales(
        self, latents: Float[Tensor, "b c h w"], quality: Int[Tensor, " b"]
    ) -> tuple[Float[Tensor, "b c h w"], Float[Tensor, "b c h w"]]:
        """Mean and scale of every latent, in steps of the quantizer.

        Args:
            latents: the quantized ones.
            quality: number of the rate of each picture, from 0.
        """
        mean = self.mean_bias[quality][:, :, None, None]
        scale = self.scale_bias[quality].exp()[:, :, None, None]
        if self.context:
            size = latents.abs().clamp(max=MOST_MAGNITUDE)
            mean = mean + _tapped(latents, self.mean_taps) + self._crossed(latents, self.mean_cross)
            scale = scale + _tapped(size, self.scale_taps) + self._crossed(size, self.scale_cross)
        return mean.expand_as(latents), _at_least(scale.expand_as(latents), LEAST_SCALE)

    def bits(
        self, latents: Float[Tensor, "b c h w"], known: Float[Tensor, "b c h w"], quality: Int[Tensor, " b"]
    ) -> Float[Tensor, "b c h w"]:
        """What each latent costs, in bits.

        Args:
            latents: quantized, or with uniform noise of one step instead.
            known: the latents as the decoder knows them.
            quality: number of the rate of each picture, from 0.
        """
        mean, scale = self.means_and_scales(known, quality)
        off = (latents - mean).abs()
        upper, lower = _upper_tail((off - 0.5) / scale), _upper_tail((off + 0.5) / scale)
        return -torch.log2(_at_least(upper - lower, LEAST_PROBABILITY))

    def _crossed(self, latents: Tensor, weights: Tensor) -> Tensor:
        return functional.conv2d(latents, (weights * self.earlier)[:, :, None, None])


def _tapped(latents: Tensor, weights: Tensor) -> Tensor:
    height, width = latents.shape[2:]
    padded = functional.pad(latents, (2, 2, 2, 0))
    total = torch.zeros_like(latents)
    for n, (row, column) in enumerate(TAPS):
        moved = padded[:, :, 2 + row : 2 + row + height, 2 + column : 2 + column + width]
        total = total + moved * weights[:, n][None, :, None, None]
    return total


def _upper_tail(x: Tensor) -> Tensor:
    """Probability beyond x of a Laplace distribution of scale 1."""
    tail = 0.5 * torch.exp(-x.abs())
    return torch.where(x >= 0, tail, 1 - tail)


class _AtLeast(torch.autograd.Function):
    """A lower bound through which gradients that lead back above it still pass."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, least: float) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The value, or the bound where that is larger."""
        ctx.save_for_backward(value)
        ctx.least = least
        return value.clamp(min=least)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Nothing below the bound, unless a step against the gradient leads up."""
        (value,) = ctx.saved_tensors
        passes = (value >= ctx.least) | (gradient < 0)
        return torch.where(passes, gradient, torch.zeros_like(gradient)), None


def _at_least(value: Tensor, least: float) -> Tensor:
    bounded = _AtLeast.apply(value, least)
    assert isinstance(bounded, Tensor)
    return bounded
