"""`TimmNet`: a network of the timm collection, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from jaxtyping import Float
from torch import Tensor, nn

from vitral.core import OptionError, option
from vitral.nn.activations import Activation
from vitral.nn.blocks import check_pictures
from vitral.nn.data_dependent import DataDependent
from vitral.nn.networks.network import Network
from vitral.nn.timm_collection import timm_with


@dataclass(frozen=True, kw_only=True)
class TimmNet(Network, kind="timm"):
    """A network of the timm collection, by its name there.

    Nothing is downloaded unless `pretrained` asks for it.

    Source:
        Wightman 2019, "PyTorch Image Models", doi:10.5281/zenodo.4414861.
    """

    activation: Activation | None = option(None, "replaces the network's own bend, where timm allows it")
    name: str = option("resnet18d", "name of the network in timm")
    pretrained: bool = option(False, "download weights trained on other pictures")

    def build(self, inputs: int, classes: int) -> nn.Module:
        """Make the module.

        Raises:
            MissingExtra: timm is not installed.
            OptionError: timm has no such network, or it does not take another activation.
        """
        timm = timm_with(self.name, where="TimmNet")
        extra = {} if self.activation is None else {"act_layer": partial(_bend, self.activation)}
        try:
            network = timm.create_model(
                self.name, pretrained=False, in_chans=inputs, num_classes=classes, **extra
            )
        except TypeError as error:
            if self.activation is None:
                raise
            raise OptionError(
                f"TimmNet.activation: must be none for {self.name!r}, which takes no other activation, "
                f"got {self.activation.kind!r}"
            ) from error
        if not self.pretrained:
            return TimmClassifier(network, inputs)
        fetch = partial(
            timm.create_model, self.name, pretrained=True, in_chans=inputs, num_classes=classes, **extra
        )
        return PretrainedClassifier(network, inputs, fetch)


class TimmClassifier(nn.Module):
    """The module of `TimmNet`: a network of timm behind Vitral's check of shapes."""

    def __init__(self, network: nn.Module, inputs: int) -> None:
        super().__init__()
        self.inputs = inputs
        self.network = network

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Scores of normalized pictures.

        Raises:
            ShapeError: the pictures have another number of channels, or an empty side.
        """
        check_pictures("TimmNet", pictures, channels=self.inputs)
        return self.network(pictures)


def _bend(activation: Activation, *_: object, **__: object) -> nn.Module:
    """What timm calls in place of a class; it passes `inplace` and the like."""
    return activation.build()


class PretrainedClassifier(TimmClassifier, DataDependent):
    """A timm network that takes over downloaded weights when a training begins, and never else.

    A saved model and a resumed training bring their own weights and need no network connection.
    """

    def __init__(self, network: nn.Module, inputs: int, fetch: Callable[[], nn.Module]) -> None:
        super().__init__(network, inputs)
        self._fetch = fetch

    def prepare(self, inputs: Float[Tensor, "b c h w"]) -> None:
        """Download the weights that were asked for; the pictures are not looked at."""
        self.network.load_state_dict(self._fetch().state_dict())
