"""`DiscretizedLogistics`: the likelihood of pictures with 256 levels."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from vitral.core import OptionError, option
from vitral.nn.likelihoods.likelihood import Likelihood, check_fit, uniform_noise, wide

# Levels lie on [-1, 1]; each owns the space up to half way to its neighbors, the outermost all beyond.
_HALF_BIN = 1 / 255


@dataclass(frozen=True, kw_only=True)
class DiscretizedLogistics(Likelihood, kind="discretized-logistics"):
    """A mixture of logistic distributions, summed over the width of each level.

    p(x) = sum_k w_k prod_c [S((x_c + 1/255 - m_kc) / s_kc) - S((x_c - 1/255 - m_kc) / s_kc)], levels
    on [-1, 1], S the sigmoid; 0 and 255 take the tails. The mean of a channel moves with the
    channels before it: m_k2 + a x_1, then m_k3 + b x_1 + c x_2.

    Raises:
        OptionError: the smallest scale lies above the largest.
    Source:
        Salimans et al. 2017, arXiv:1701.05517, eq. 2 and 3. Departures: any number of channels; the
        difference of sigmoids is written as a product, so that it needs no approximation where it is
        small; log scales are bounded smoothly; the means begin spread over the levels.
    """

    components: int = option(
        5, "logistic distributions that are mixed for each pixel", low=1, high=64, search=(3, 10)
    )
    low: float = option(-7.0, "smallest log of a scale, on levels from -1 to 1", low=-12, high=1)
    high: float = option(2.0, "largest log of a scale", low=-6, high=4)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low >= self.high:
            raise OptionError(
                f"DiscretizedLogistics: low must lie below high, got {self.low:g} and {self.high:g}"
            )

    def outputs(self, channels: int) -> int:
        """A weight, and a mean, a scale and the chain's factors for each channel, of each component."""
        return self.components * (1 + 2 * channels + channels * (channels - 1) // 2)

    def nats(
        self, parameters: Float[Tensor, "b p h w"], pictures: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, " b"]:
        """Minus the log probability of each picture; see `Likelihood.nats`.

        Raises:
            ShapeError: the parameters do not belong to these pictures.
        """
        check_fit(self, parameters, pictures)
        logits, means, log_scales, chain = self._parts(wide(parameters))
        levels = ((pictures * 255).round() * (2 / 255) - 1).to(logits.dtype)[:, None]
        each = logits.log_softmax(1)
        for channel in range(pictures.shape[1]):
            mean = _moved(means, chain, channel, levels)
            each = each + _log_bin(levels[:, :, channel], mean, log_scales[:, :, channel])
        return -each.logsumexp(1).flatten(1).sum(1)

    def draw(
        self, parameters: Float[Tensor, "b p h w"], *, temperature: float, random: torch.Generator | None
    ) -> Float[Tensor, "b c h w"]:
        """Pictures of 256 levels; at temperature 0 the mean over the mixture, tails counted as 0 and 255.

        Above it, the temperature weighs the noise that chooses a component and the noise around its mean.
        """
        logits, means, log_scales, chain = self._parts(wide(parameters))
        if temperature == 0:
            mean = _mean(means, log_scales, chain)
            return ((logits.softmax(1)[:, :, None] * mean).sum(1) + 1) / 2
        gumbel = -(-uniform_noise(logits.shape, logits, random).log()).log()
        chosen = (logits + temperature * gumbel.to(logits.dtype)).argmax(1)[:, None, None]
        means, log_scales, chain = (_of(part, chosen) for part in (means, log_scales, chain))
        noise = uniform_noise(means.shape, means, random)
        noise = temperature * (noise.log() - (-noise).log1p()).to(means.dtype)
        levels = torch.zeros_like(means)
        for channel in range(means.shape[2]):
            value = _moved(means, chain, channel, levels)
            value = value + log_scales[:, :, channel].exp() * noise[:, :, channel]
            levels[:, :, channel] = ((value.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1
        return (levels[:, 0] + 1) / 2

    def _parts(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Logits b k h w; means, log scales and factors of the chain, b k n h w each."""
        logits, rest = parameters.split((self.components, parameters.shape[1] - self.components), 1)
        rest = rest.unflatten(1, (self.components, -1))
        channels = _channels(rest.shape[2])
        means, scales, chain = rest.split((channels, channels, rest.shape[2] - 2 * channels), 2)
        # Components that all begin alike would learn alike.
        start = torch.linspace(-1, 1, self.components + 2, dtype=means.dtype, device=means.device)[1:-1]
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        return logits, means + start.view(-1, 1, 1, 1), middle + half * (scales / half).tanh(), chain


def _channels(values: int) -> int:
    """How many channels have this many values in a component: 2 c + c (c - 1) / 2."""
    channels = 1
    while 2 * channels + channels * (channels - 1) // 2 < values:
        channels += 1
    return channels


def _moved(means: Tensor, chain: Tensor, channel: int, levels: Tensor) -> Tensor:
    """The mean of a channel, b k h w, given the levels of the channels before it, b (k or 1) c h w."""
    mean, first = means[:, :, channel], channel * (channel - 1) // 2
    for before in range(channel):
        mean = mean + chain[:, :, first + before] * levels[:, :, before]
    return mean


def _log_bin(level: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """Log of the mass of a level's bin.

    S(b) - S(a) = S(b) S(-a) (1 - e^(a - b)); each factor has a log that is exact everywhere.
    """
    narrow = (-log_scale).exp()
    above = (level + _HALF_BIN - mean) * narrow
    below = (level - _HALF_BIN - mean) * narrow
    zero = torch.zeros((), dtype=level.dtype, device=level.device)
    to_the_right = torch.where(level > 1 - _HALF_BIN, zero, -functional.softplus(-above))
    to_the_left = torch.where(level < _HALF_BIN - 1, zero, -functional.softplus(below))
    inside = (level >= _HALF_BIN - 1) & (level <= 1 - _HALF_BIN)
    width = (-torch.expm1(-2 * _HALF_BIN * narrow)).log()
    return to_the_right + to_the_left + torch.where(inside, width, zero)


def _mean(means: Tensor, log_scales: Tensor, chain: Tensor) -> Tensor:
    """The mean of each component and channel, b k c h w, its tails held at -1 and 1.

    E = -1 + s (softplus((m + 1) / s) - softplus((m - 1) / s)).
    """
    found = torch.zeros_like(means)
    for channel in range(means.shape[2]):
        mean, scale = _moved(means, chain, channel, found), log_scales[:, :, channel].exp()
        upper, lower = functional.softplus((mean + 1) / scale), functional.softplus((mean - 1) / scale)
        found[:, :, channel] = (scale * (upper - lower) - 1).clamp(-1, 1)
    return found


def _of(part: Tensor, chosen: Tensor) -> Tensor:
    """What belongs to the chosen component of each pixel, b 1 n h w."""
    return part.gather(1, chosen.expand(-1, 1, part.shape[2], -1, -1))
