"""Two convolutions and a pooling: the block of the fast network."""

from jaxtyping import Float
from torch import Tensor, nn

from vitral.nn.activations import Activation
from vitral.nn.blocks.batch_norm import BatchNorm
from vitral.nn.blocks.pooling import halve


class PooledPair(nn.Module):
    """conv - pool - norm - act - conv - norm - act; halves each side.

    The scale of the norms is fixed at 1 and the convolutions begin as the identity on as many
    channels as there are.

    Args:
        inputs: channels in.
        outputs: channels out.
        activation: the bend after each norm.
        momentum: share of a new batch in the running statistics; short runs need a large one.
    Source:
        Jordan 2024, arXiv:2404.00498, sections 3.1 and 3.2 (identity initialization).
    """

    def __init__(self, inputs: int, outputs: int, *, activation: Activation, momentum: float) -> None:
        super().__init__()
        self.conv1 = _identity_convolution(inputs, outputs)
        self.norm1 = _norm(outputs, momentum)
        self.act1 = activation.build()
        self.conv2 = _identity_convolution(outputs, outputs)
        self.norm2 = _norm(outputs, momentum)
        self.act2 = activation.build()

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c2 h2 w2"]:
        """Pass a feature map through the block."""
        features = self.act1(self.norm1(halve(self.conv1(features))))
        return self.act2(self.norm2(self.conv2(features)))


def _identity_convolution(inputs: int, outputs: int) -> nn.Conv2d:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    nn.init.dirac_(convolution.weight.data[:inputs])
    return convolution


def _norm(channels: int, momentum: float) -> BatchNorm:
    norm = BatchNorm(channels, momentum=momentum)
    norm.weight.requires_grad_(False)
    return norm
