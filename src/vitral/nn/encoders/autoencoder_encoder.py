"""`AutoencoderEncoder`: the way into the latents of an autoencoder."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from vitral.core import option
from vitral.nn.autoencoders import Autoencoder, AutoencoderNet, ResidualAutoencoder
from vitral.nn.encoders.encoder import Encoder, EncoderNet, check_channels, with_channels

_CHANNELS = 3


@dataclass(frozen=True, kw_only=True)
class AutoencoderEncoder(Encoder, kind="autoencoder"):
    """The encoder of an autoencoder: mean and mean magnitude of each channel of the latent."""

    autoencoder: Autoencoder = option(ResidualAutoencoder(), "the network")

    def build(self, inputs: int) -> "AutoencoderEncoderNet":
        """Make the module; see `Encoder.build`.

        Raises:
            OptionError: neither one nor three channels.
        """
        check_channels("AutoencoderEncoder", inputs, _CHANNELS)
        return AutoencoderEncoderNet(self.autoencoder.build())


class AutoencoderEncoderNet(EncoderNet):
    """The module of `AutoencoderEncoder`."""

    network: AutoencoderNet

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b f"]:
        """Features of pictures of any size; beyond the picture its last row and column go on."""
        pictures = with_channels("AutoencoderEncoder", pictures, _CHANNELS)
        below, right = (-side % self.network.stride for side in pictures.shape[2:])
        if below or right:
            pictures = functional.pad(pictures, (0, right, 0, below), mode="replicate")
        return pooled(self.network.analysis(pictures))


def pooled(latent: Float[Tensor, "b c h w"]) -> Float[Tensor, "b f"]:
    """Mean and mean magnitude of each channel, 2c numbers; one place keeps its sign this way."""
    return torch.cat([latent.mean((2, 3)), latent.abs().mean((2, 3))], 1)
