"""The autoencoder as graphs: from pictures to the latent, and from the latent to pictures."""

from torch import Tensor, nn

from vitral.nn import AutoencoderNet
from vitral.tasks.exporting import PICTURES, FromLevels, Graph, Port


class _Encoder(nn.Module):
    """Pictures to their latent; the last row and column go on up to a multiple of the stride."""

    def __init__(self, network: AutoencoderNet) -> None:
        super().__init__()
        self.network, self.ready = network, FromLevels()

    def forward(self, pictures: Tensor) -> Tensor:
        return self.network.analysis(self.network.padded(self.ready(pictures)))


class _Decoder(nn.Module):
    """A latent to its pictures."""

    def __init__(self, network: AutoencoderNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, latent: Tensor) -> Tensor:
        return self.network.synthesis(latent).clamp(0, 1)


def encoder_and_decoder(network: AutoencoderNet, *, size_px: int) -> dict[str, Graph]:
    """Both halves of an autoencoder.

    Args:
        network: the autoencoder.
        size_px: side of the squares it learned from.
    """
    stride = network.stride
    places = -(-size_px // stride)
    found = Port(
        name="latent",
        axes=("b", network.channels, "latent_height", "latent_width"),
        holds=f"numbers before rounding, one place for {stride} x {stride} pixels",
    )
    given = Port(name="latent", axes=("b", network.channels, "h", "w"), holds=found.holds)
    made = Port(
        name="pictures",
        axes=("b", 3, "picture_height", "picture_width"),
        holds=f"red, green and blue on [0, 1], {stride} x {stride} pixels for one place",
    )
    return {
        "encoder": Graph(
            module=_Encoder(network), inputs=(PICTURES,), outputs=(found,), height=size_px, width=size_px
        ),
        "decoder": Graph(
            module=_Decoder(network), inputs=(given,), outputs=(made,), height=places, width=places
        ),
    }
