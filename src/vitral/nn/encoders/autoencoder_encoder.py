"""`AutoencoderEncoder`: the way into the latents of an autoencoder."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from vitral.core import option
from vitral.nn.autoencoders import Autoencoder, AutoencoderNet, ResidualAutoencoder, pooled
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
        return pooled(self.network.analysis(self.network.padded(pictures)))
