"""`TrunkEncoder`: a classifier without its head."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vitral.core import OptionError, option
from vitral.nn.encoders import Encoder, EncoderNet
from vitral.nn.networks.fast import FastNet
from vitral.nn.networks.network import Network
from vitral.nn.networks.timm_net import TimmClassifier


@dataclass(frozen=True, kw_only=True)
class TrunkEncoder(Encoder, kind="trunk"):
    """A classifier without its head: the features that its head was given."""

    network: Network = option(FastNet(), "the classifier")
    mean: tuple[float, ...] = option((), "what was subtracted from each channel; empty: nothing")
    std: tuple[float, ...] = option((), "what each channel was divided by; empty: nothing", low=1e-9)

    def build(self, inputs: int) -> "TrunkEncoderNet":
        """Make the module; see `Encoder.build`.

        Raises:
            OptionError: the normalization has another number of channels, or the classifier no head.
        """
        for name in ("mean", "std"):
            if len(getattr(self, name)) not in (0, inputs):
                raise OptionError(
                    f"TrunkEncoder.{name}: must be empty or have one number for each of {inputs} channels, "
                    f"got {getattr(self, name)!r}"
                )
        return TrunkEncoderNet(self, inputs)


class TrunkEncoderNet(EncoderNet):
    """The module of `TrunkEncoder`."""

    mean: Tensor
    std: Tensor

    def __init__(self, spec: TrunkEncoder, inputs: int) -> None:
        super().__init__(_headless(spec.network.build(inputs=inputs, classes=1)))
        mean, std = spec.mean or (0.0,) * inputs, spec.std or (1.0,) * inputs
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(std)[:, None, None], persistent=False)

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b f"]:
        """Features of pictures, normalized as the classifier wants them."""
        return self.network((pictures - self.mean) / self.std)


def _headless(module: nn.Module) -> nn.Module:
    """The same classifier that gives its features instead of scores."""
    if isinstance(module, TimmClassifier):
        module.network.reset_classifier(0)  # pyright: ignore[reportCallIssue]
        return module
    if not isinstance(getattr(module, "head", None), nn.Linear):
        raise OptionError(
            f"TrunkEncoder: must be given a classifier with a linear head, got {type(module).__name__}"
        )
    module.head = nn.Identity()
    return module
