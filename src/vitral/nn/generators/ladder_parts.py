"""The parts of a ladder: residual blocks, groups of latents, and the shapes they live on."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vitral.nn.activations import Activation

_COARSE_PX = 7


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """A normal distribution over the latents of one group, in units of their prior.

    There the prior is the standard normal distribution, so the posterior is all that KL needs.

    Args:
        mean: b x c x h x w.
        log_std: of the same shape.
    """

    mean: Float[Tensor, "b c h w"]
    log_std: Float[Tensor, "b c h w"]

    def kl(self) -> Float[Tensor, " b"]:
        """Divergence from the prior of each picture, in nats."""
        each = (self.mean**2 + (2 * self.log_std).exp() - 1) / 2 - self.log_std
        return each.flatten(1).sum(1)

    def at(self, noise: Tensor) -> Tensor:
        """The latents for standard normal noise."""
        return self.mean + self.log_std.exp() * noise

    def log_ratio(self, noise: Tensor) -> Float[Tensor, " b"]:
        """log q(z | x) - log p(z) at the latents for this noise, in nats."""
        each = (self.at(noise) ** 2 - noise**2) / 2 - self.log_std
        return each.flatten(1).sum(1)


class GroupOfLatents(nn.Module):
    """One rung: a learned prior, a posterior relative to it, and the way into the state.

    z = m(state) + s(state) e with e standard normal under the prior; the posterior of e has its
    mean and deviation from state and picture. KL does not depend on m and s.

    Args:
        width: channels of the state.
        seen: channels of the features of the picture at this size.
        latents: latents at each place.
        kernel: side of the convolutions, 1 or 3.
        activation: the bend before each convolution.
        bound: largest log of a deviation, smoothly held.
        plain: whether the prior of z is the standard normal distribution itself.
    Source:
        Vahdat, Kautz 2020, arXiv:2007.03898, section 3.2 (residual normal) and Child 2021,
        arXiv:2011.10650, figure 3 (the prior also adds to the state). Departure: the mean of the
        posterior is measured in deviations of the prior.
    """

    def __init__(
        self, width: int, seen: int, latents: int, *, kernel: int, activation: Activation, bound: float,
        plain: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        self.latents, self.bound = latents, bound
        self.prior = None if plain else _head(width, width, 2 * latents + width, kernel, activation)
        self.posterior = _head(width + seen, width, 2 * latents, kernel, activation)
        self.enter = nn.Conv2d(latents, width, 1)

    def ready(self, state: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """The state with what the prior adds to it, and mean and log deviation of z."""
        if self.prior is None:
            return state, None, None
        found = self.prior(state)
        mean, log_std, more = found.split((self.latents, self.latents, state.shape[1]), 1)
        return state + more, mean.float(), bounded(log_std.float(), self.bound)

    def look(self, state: Tensor, seen: Tensor) -> Posterior:
        """The posterior of the latents given the features of the picture."""
        mean, log_std = self.posterior(torch.cat([state, seen], 1)).float().chunk(2, 1)
        return Posterior(mean=mean, log_std=bounded(log_std, self.bound))

    def step(self, state: Tensor, mean: Tensor | None, log_std: Tensor | None, latents: Tensor) -> Tensor:
        """The state that knows the latents."""
        if mean is not None and log_std is not None:
            latents = mean + log_std.exp() * latents
        return state + self.enter(latents)


class ResidualConvolutions(nn.Module):
    """Two convolutions around which the input is carried; begins as the identity.

    Args:
        width: channels in and out.
        kernel: side of the convolutions, 1 or 3.
        activation: the bend before each convolution.
        dropout: share of channels hidden in training.
    """

    def __init__(self, width: int, *, kernel: int, activation: Activation, dropout: float) -> None:
        super().__init__()
        self.act1, self.act2 = activation.build(), activation.build()
        self.conv1 = nn.Conv2d(width, width, kernel, padding=kernel // 2)
        self.conv2 = nn.Conv2d(width, width, kernel, padding=kernel // 2)
        self.dropout = nn.Dropout2d(dropout) if dropout else nn.Identity()
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)  # pyright: ignore[reportArgumentType]

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Pass a feature map through the block."""
        change = self.conv1(self.act1(features))
        return features + self.conv2(self.dropout(self.act2(change)))


def bounded(value: Tensor, bound: float) -> Tensor:
    """Hold a number between -bound and bound, with slope 1 at zero."""
    return bound * (value / bound).tanh()


def halvings(height: int, width: int) -> int:
    """How often sides are halved until the shorter one is about 7 pixels; at least once."""
    return max(1, round(math.log2(max(min(height, width) / _COARSE_PX, 1))))


def on_sizes(groups: int, resolutions: int) -> tuple[int, ...]:
    """Which size each group lives on, from the top: 0 a vector, 1 the coarse map, 2 the fine map.

    One group is the vector; the others are shared out evenly, the coarser map first.
    """
    if resolutions == 1:
        return (0,) * groups
    maps = resolutions - 1
    rest = groups - 1
    return (0, *(1 + n * maps // rest for n in range(rest)))


def _head(inputs: int, width: int, outputs: int, kernel: int, activation: Activation) -> nn.Sequential:
    last = nn.Conv2d(width, outputs, 1)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)  # pyright: ignore[reportArgumentType]
    return nn.Sequential(
        activation.build(),
        nn.Conv2d(inputs, width, kernel, padding=kernel // 2),
        activation.build(),
        last,
    )
