"""The family of encoders: the parts of trained networks that turn pictures into features."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from vitral.core import OptionError, Spec
from vitral.nn.blocks import check_pictures


@dataclass(frozen=True, kw_only=True)
class Encoder(Spec, family="encoder"):
    """How a network that learned one thing gives features to another one."""

    @abstractmethod
    def build(self, inputs: int) -> "EncoderNet":
        """Make the module, with random weights from torch's generator.

        Args:
            inputs: channels of the pictures.
        Raises:
            OptionError: the network cannot take pictures of so many channels.
        """

    def size_px(self) -> int | None:
        """Side of the squares it learned to see; None where any size will do."""
        return None


class EncoderNet(nn.Module, ABC):
    """The module of an encoder: pictures on [0, 1], b x c x h x w of any size, to features, b x f.

    Args:
        network: the network whose part it is.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    @abstractmethod
    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b f"]:
        """The features of pictures."""

    def take(self, weights: Mapping[str, Tensor]) -> None:
        """Take over the weights of the trained network, by their names there; its head may stay behind.

        Raises:
            OptionError: they are not those of the network that is described.
        """
        own = self.network.state_dict()
        wrong = [name for name, old in own.items() if name not in weights or weights[name].shape != old.shape]
        if wrong:
            raise OptionError(
                f"{type(self).__name__}: must be given the weights of the network it describes, "
                f"but {wrong[0]} is missing or of another shape; name its run with --encoder RUN"
            )
        self.network.load_state_dict({name: weights[name] for name in own})


def check_channels(where: str, inputs: int, wanted: int) -> None:
    """Refuse a number of channels that `with_channels` cannot turn into the wanted one.

    Raises:
        OptionError: neither one channel nor as many as are wanted, nor is one wanted.
    """
    if inputs not in (1, wanted) and wanted != 1:
        raise OptionError(f"{where}: pictures must have 1 or {wanted} channels, got {inputs}")


def with_channels(where: str, pictures: Float[Tensor, "b c h w"], wanted: int) -> Float[Tensor, "b c2 h w"]:
    """Pictures with as many channels as are wanted: grey ones repeated, colors averaged.

    Raises:
        ShapeError: no pictures, or another number of channels that does not fit.
    """
    channels = pictures.shape[1] if pictures.ndim == 4 else wanted
    check_pictures(where, pictures, channels=channels)
    if channels == wanted:
        return pictures
    return pictures.mean(1, keepdim=True) if wanted == 1 else pictures.expand(-1, wanted, -1, -1)
