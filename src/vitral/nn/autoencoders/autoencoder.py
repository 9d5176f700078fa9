"""The family of autoencoders, and what each of their modules can do."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

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
    """

    stride: ClassVar[int] = 16
    """Pixels of a picture, in each direction, for one place of the latent."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

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
