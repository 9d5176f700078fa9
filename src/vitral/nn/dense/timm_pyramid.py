"""`TimmPyramid`: the maps of a network of the timm collection."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vitral.core import OptionError, option
from vitral.nn.data_dependent import DataDependent
from vitral.nn.dense.pyramid import Pyramid, PyramidNet
from vitral.nn.timm_collection import timm_with

_MIDDLE, _SPREAD = 0.5, 0.25


@dataclass(frozen=True, kw_only=True)
class TimmPyramid(Pyramid, kind="timm"):
    """The maps of a network of the timm collection, by its name there.

    Nothing is downloaded unless `pretrained` asks for it.

    Source:
        Wightman 2019, "PyTorch Image Models", doi:10.5281/zenodo.4414861.
    """

    name: str = option("resnet18d", "name of the network in timm")
    pretrained: bool = option(False, "download weights trained on other pictures")

    def build(self, inputs: int) -> "TimmPyramidNet":
        """Make the module; see `Pyramid.build`.

        Raises:
            MissingExtra: timm is not installed.
            OptionError: timm has no such network, or it does not give its maps.
        """
        timm = timm_with(self.name, where="TimmPyramid")
        make = partial(timm.create_model, self.name, in_chans=inputs, features_only=True)
        try:
            network = make(pretrained=False)
        except (RuntimeError, AttributeError, TypeError) as error:
            raise OptionError(
                f"TimmPyramid.name: must be a network that gives its maps, got {self.name!r}: {error}"
            ) from error
        fetch = partial(make, pretrained=True)
        return FetchedPyramidNet(network, fetch) if self.pretrained else TimmPyramidNet(network)


class TimmPyramidNet(PyramidNet):
    """The module of `TimmPyramid`."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        known = network.feature_info
        reductions = list(known.reduction())  # pyright: ignore[reportCallIssue, reportAttributeAccessIssue]
        channels = list(known.channels())  # pyright: ignore[reportCallIssue, reportAttributeAccessIssue]
        # Of several maps of one stride the last has seen the most.
        last = {stride: n for n, stride in enumerate(reductions)}
        self._chosen = tuple(last[stride] for stride in sorted(last))
        self.strides = tuple(sorted(last))
        self.widths = tuple(channels[n] for n in self._chosen)

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> list[Float[Tensor, "b c2 h2 w2"]]:
        """See `PyramidNet.forward`."""
        height, width = pictures.shape[2:]
        coarsest = self.strides[-1]
        padding = (0, max(coarsest - width, 0), 0, max(coarsest - height, 0))
        maps = self.network(functional.pad((pictures - _MIDDLE) / _SPREAD, padding))
        sizes = [(-(-height // stride), -(-width // stride)) for stride in self.strides]
        return [maps[n][:, :, :h, :w] for n, (h, w) in zip(self._chosen, sizes, strict=True)]


class FetchedPyramidNet(TimmPyramidNet, DataDependent):
    """Maps of a network whose weights are downloaded when a training begins, and never else."""

    def __init__(self, network: nn.Module, fetch: Callable[[], nn.Module]) -> None:
        super().__init__(network)
        self._fetch = fetch

    def prepare(self, inputs: Float[Tensor, "b c h w"]) -> None:
        """Download the weights that were asked for; the pictures are not looked at."""
        self.network.load_state_dict(self._fetch().state_dict())
