"""The block of the residual network."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vitral.nn.activations import Activation
from vitral.nn.blocks.batch_norm import BatchNorm


class Conv3x3(nn.Conv2d):
    """3 x 3 convolution over zeros around the map, without bias."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
        super().__init__(inputs, outputs, 3, stride=stride, padding=1, bias=False)

    def forward(self, input: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c2 h2 w2"]:
        """Convolve a feature map."""
        # Halving a map one pixel wide in bfloat16, torch 2.13 learns from memory it never wrote.
        if self.training and self.stride[0] > 1 and min(input.shape[2:]) == 1:
            around = functional.pad(input, (1, 1, 1, 1))
            return functional.conv2d(around, self.weight, self.bias, self.stride)
        return super().forward(input)


class ConvNormAct(nn.Sequential):
    """3 x 3 convolution, norm, activation."""

    def __init__(self, inputs: int, outputs: int, *, activation: Activation, stride: int = 1) -> None:
        super().__init__(
            Conv3x3(inputs, outputs, stride=stride),
            BatchNorm(outputs),
            activation.build(),
        )


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions around which the input is carried and added.

    A block that halves the sides averages 2 x 2 squares on the carried path, so that no pixel
    is skipped. The last norm begins at zero: a new block passes its input on.

    Args:
        inputs: channels in.
        outputs: channels out.
        stride: 2 halves each side, rounding up; 1 keeps it.
        activation: the bend inside and after the block.
    Source:
        He et al. 2016, arXiv:1512.03385, figure 2; He et al. 2019, arXiv:1812.01187, figure 2c
        (ResNet-D shortcut) and section 3.1 (zero gamma).
    """

    def __init__(self, inputs: int, outputs: int, *, activation: Activation, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = ConvNormAct(inputs, outputs, activation=activation, stride=stride)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm = BatchNorm(outputs)
        nn.init.zeros_(self.norm.weight)
        self.carried = _shortcut(inputs, outputs, stride)
        self.act = activation.build()

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c2 h2 w2"]:
        """Pass a feature map through the block."""
        change = self.norm(self.conv2(self.conv1(features)))
        return self.act(change + self.carried(features))


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    steps: list[nn.Module] = [nn.AvgPool2d(stride, ceil_mode=True)] if stride > 1 else []
    return nn.Sequential(*steps, nn.Conv2d(inputs, outputs, 1, bias=False), BatchNorm(outputs))
