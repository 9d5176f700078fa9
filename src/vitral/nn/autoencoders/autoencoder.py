"""The family of autoencoders, and what each of their modules can do."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vitral.core import Spec


@dataclass(frozen=True, kw_only=True)
class Autoencoder(Spec, family="autoencoder"):
    """A network that encodes pictures into a small latent and decodes them back."""

    @abstractmethod
    def build(self) -> "AutoencoderNet":
        """Make the module, with random weights from torch's generator."""


class AutoencoderNet(nn.Module, ABC):
    """The module of an autoencoder for pictures of three channels on [0, 1].

    Args:
        channels: of the latent.
        stride: pixels of a picture, in each direction, for one place of the latent.
    """

    def __init__(self, channels: int, *, stride: int) -> None:
        super().__init__()
        self.channels, self.stride = channels, stride

    def padded(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h2 w2"]:
        """Pictures whose last row and column go on until their sides are multiples of the stride."""
        below, right = (-side % self.stride for side in pictures.shape[2:])
        return (
            functional.pad(pictures, (0, right, 0, below), mode="replicate") if below or right else pictures
        )

    @property
    @abstractmethod
    def halo(self) -> int:
        """Places of the latent around a part of it that its decoded pixels depend on."""

    @abstractmethod
    def analysis(self, pictures: Float[Tensor, "b c=3 h w"]) -> Float[Tensor, "b c2 h2 w2"]:
        """The latent of pictures whose sides are multiples of the stride."""

    @abstractmethod
    def synthesis(self, latent: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c2=3 h2 w2"]:
        """The pictures of a latent, not yet clipped to [0, 1]."""


def pooled(latent: Float[Tensor, "b c h w"]) -> Float[Tensor, "b f"]:
    """Mean and mean magnitude of each channel, 2c numbers; one place keeps its sign this way."""
    return torch.cat([latent.mean((2, 3)), latent.abs().mean((2, 3))], 1)
