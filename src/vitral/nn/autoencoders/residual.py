"""`ResidualAutoencoder`: residual blocks at several sizes on the way to the latent and back."""

import itertools
import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vitral.core import OptionError, option
from vitral.nn.activations import Activation, LeakyReLU
from vitral.nn.autoencoders.autoencoder import Autoencoder, AutoencoderNet

_PATCH = 4
_SIZES = (2, 3, 4)


@dataclass(frozen=True, kw_only=True)
class ResidualAutoencoder(Autoencoder, kind="residual"):
    """Residual blocks at a quarter, an eighth, and so on, of the sides.

    Squares of 4 x 4 pixels become channels first, so that no convolution runs at the full size. With
    two sizes a place of the latent stands for 8 pixels in each direction, with three for 16, with
    four for 32.
    There are no norms: they would tie a picture's reconstruction to its own statistics, or to
    those of a batch.

    Raises:
        OptionError: widths and blocks are not two, three or four numbers each, and as many.
    Source:
        Balle et al. 2017, arXiv:1611.01704 (analysis and synthesis); residual blocks instead of
        divisive normalization as in He et al. 2022, arXiv:2203.10886, figure 5.
    """

    activation: Activation = option(LeakyReLU(), "the bend inside the blocks")
    latents: int = option(192, "channels of the latent", low=1, high=4096)
    widths: tuple[int, ...] = option(
        (96, 160, 192), "channels at each size, from a quarter of the sides on; two to four sizes",
        low=8, high=4096,
    )  # fmt: skip
    blocks: tuple[int, ...] = option((2, 2, 2), "residual blocks at each size", low=0, high=64)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("widths", "blocks"):
            if len(getattr(self, name)) not in _SIZES:
                raise OptionError(
                    f"ResidualAutoencoder.{name}: must be two, three or four numbers, "
                    f"got {getattr(self, name)}"
                )
        if len(self.widths) != len(self.blocks):
            raise OptionError(
                f"ResidualAutoencoder: widths and blocks must be as many, got {self.widths} and {self.blocks}"
            )

    def build(self) -> "ResidualAutoencoderNet":
        """Make the module; see `Autoencoder.build`."""
        return ResidualAutoencoderNet(self)


class ResidualAutoencoderNet(AutoencoderNet):
    """The module of `ResidualAutoencoder`."""

    def __init__(self, spec: ResidualAutoencoder) -> None:
        super().__init__(spec.latents, stride=_PATCH * 2 ** (len(spec.widths) - 1))
        act, widths = spec.activation, spec.widths
        pixels = 3 * _PATCH**2
        down: list[nn.Module] = [nn.PixelUnshuffle(_PATCH), nn.Conv2d(pixels, widths[0], 3, padding=1)]
        up: list[nn.Module] = [nn.Conv2d(spec.latents, widths[-1], 3, padding=1)]
        sizes = list(zip(widths, spec.blocks, strict=True))
        for n, (width, count) in enumerate(sizes):
            down += [_Block(width, act) for _ in range(count)]
            if n + 1 < len(sizes):
                down.append(nn.Conv2d(width, sizes[n + 1][0], 3, stride=2, padding=1))
        for (width, count), (finer, _) in itertools.zip_longest(
            reversed(sizes), reversed(sizes[:-1]), fillvalue=(0, 0)
        ):
            up += [_Block(width, act) for _ in range(count)]
            if finer:
                up += [nn.Conv2d(width, 4 * finer, 1), nn.PixelShuffle(2)]
        down.append(nn.Conv2d(widths[-1], spec.latents, 3, padding=1))
        up += [nn.Conv2d(widths[0], pixels, 3, padding=1), nn.PixelShuffle(_PATCH)]
        self.down, self.up = nn.Sequential(*down), nn.Sequential(*up)
        # In places: two convolutions a block, of which finer ones reach less far, and the two at the ends.
        finest = 2 ** (len(sizes) - 1)
        reach = 1 + sum(2 * count * 2**n for n, count in enumerate(spec.blocks)) / finest + 1 / finest
        self._halo = math.ceil(reach)

    @property
    def halo(self) -> int:
        """See `AutoencoderNet.halo`."""
        return self._halo

    def analysis(self, pictures: Float[Tensor, "b c=3 h w"]) -> Float[Tensor, "b c2 h2 w2"]:
        """See `AutoencoderNet.analysis`."""
        return self.down(pictures - 0.5)

    def synthesis(self, latent: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c2=3 h2 w2"]:
        """See `AutoencoderNet.synthesis`."""
        return self.up(latent) + 0.5


class _Block(nn.Module):
    """x + conv(bend(conv(bend(x))))."""

    def __init__(self, width: int, activation: Activation) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.act1, self.act2 = activation.build(), activation.build()
        with torch.no_grad():
            self.conv2.weight.mul_(0.3)

    def forward(self, features: Tensor) -> Tensor:
        return features + self.conv2(self.act2(self.conv1(self.act1(features))))
