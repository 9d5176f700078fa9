"""`EncodedNet`: a linear head on an encoder that learned something else before."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vitral.core import option
from vitral.nn.activations import Activation, Identity
from vitral.nn.blocks import check_pictures
from vitral.nn.data_dependent import DataDependent
from vitral.nn.encoders import Encoder
from vitral.nn.networks.network import Network
from vitral.nn.networks.trunk import TrunkEncoder
from vitral.nn.takes_weights import TakesWeights

_TRIED_PX = 32
_AT_ONCE = 64
# A feature that hardly moves is not blown up: its scale is at least this share of the median one.
_LEAST_SHARE = 0.1


@dataclass(frozen=True, kw_only=True)
class EncodedNet(Network, kind="encoded"):
    """A linear head on the features of an encoder that learned something else before.

    Pictures are levels on [0, 1]; how the encoder wants them is its own affair. Features are
    brought to mean 0 and deviation 1 by numbers that are found once, before training.

    Source:
        Alain, Bengio 2017, arXiv:1610.01644 (linear probes); Chen et al. 2020, arXiv:2002.05709,
        section 4.2 (fine-tuning). Departure: features are standardized without batch statistics.
    """

    activation: Activation = option(Identity(), "the bend between features and head")
    encoder: Encoder = option(TrunkEncoder(), "where the features come from")
    frozen: bool = option(False, "whether the encoder stays as it is, and only the head learns")

    def build(self, inputs: int, classes: int) -> "EncodedClassifier":
        """Make the module; whoever trains gives it the encoder's weights.

        Raises:
            OptionError: the encoder cannot take pictures of so many channels.
        """
        return EncodedClassifier(self, inputs, classes)


class EncodedClassifier(nn.Module, DataDependent, TakesWeights):
    """The module of `EncodedNet`."""

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, spec: EncodedNet, inputs: int, classes: int) -> None:
        super().__init__()
        self.inputs, self.frozen = inputs, spec.frozen
        self.encoder = spec.encoder.build(inputs)
        width = self._try(spec.encoder.size_px() or _TRIED_PX)
        self.register_buffer("feature_mean", torch.zeros(width))
        self.register_buffer("feature_scale", torch.ones(width))
        self.act = spec.activation.build()
        self.head = nn.Linear(width, classes)

    def take(self, weights: Mapping[str, Tensor]) -> None:
        """Take over what the encoder learned; see `TakesWeights.take`.

        Raises:
            OptionError: the weights are not those of the encoder that is described.
        """
        self.encoder.take(weights)

    @torch.no_grad()
    def prepare(self, inputs: Float[Tensor, "b c h w"]) -> None:
        """Find mean and deviation of every feature.

        Raises:
            ShapeError: the pictures have another number of channels, or an empty side.
        """
        check_pictures("EncodedNet.prepare", inputs, channels=self.inputs)
        before = self.encoder.training
        self.encoder.eval()
        found = torch.cat([self.encoder(some) for some in inputs.split(_AT_ONCE)]).double()
        self.encoder.train(before)
        spread = found.std(0, correction=0)
        least = max(_LEAST_SHARE * float(spread.median()), 1e-6)
        self.feature_mean.copy_(found.mean(0))
        self.feature_scale.copy_(spread.clamp(min=least))

    def train(self, mode: bool = True) -> "EncodedClassifier":
        """As in torch; a frozen encoder always answers as it does in use."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k"]:
        """Scores of pictures on [0, 1].

        Raises:
            ShapeError: the pictures have another number of channels, or an empty side.
        """
        check_pictures("EncodedNet", pictures, channels=self.inputs)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            features = self.encoder(pictures)
        return self.head(self.act((features.float() - self.feature_mean) / self.feature_scale))

    def _try(self, side: int) -> int:
        """Number of features; what they do not depend on, a decoder say, shall not learn."""
        self.encoder.eval()
        learned = [one for one in self.encoder.parameters() if one.requires_grad]
        with torch.enable_grad():
            features = self.encoder(torch.zeros(1, self.inputs, side, side))
            reached = torch.autograd.grad(features.sum(), learned, allow_unused=True)
        self.encoder.train()
        for one, slope in zip(learned, reached, strict=True):
            one.requires_grad_(slope is not None and not self.frozen)
        return features.shape[1]
