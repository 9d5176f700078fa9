"""`GeneratorEncoder`: the way into the latents of a variational autoencoder."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from vitral.core import OptionError, option
from vitral.nn.encoders.encoder import Encoder, EncoderNet, check_channels, with_channels
from vitral.nn.generators import Generator, GeneratorNet, Ladder
from vitral.nn.likelihoods import DiscretizedLogistics, Likelihood


@dataclass(frozen=True, kw_only=True)
class GeneratorEncoder(Encoder, kind="generator"):
    """The encoder of a generator, on pictures of the shape it learned.

    Raises:
        OptionError: the shape is not channels, height and width.
    """

    generator: Generator = option(Ladder(), "the network")
    shape: tuple[int, ...] = option(
        (3, 32, 32), "channels, height and width of the pictures it learned", low=1, high=4096
    )
    classes: int = option(0, "how many classes it could be asked for", low=0, high=1_000_000)
    likelihood: Likelihood = option(DiscretizedLogistics(), "what its levels were counted by")

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.shape) != 3:
            raise OptionError(
                f"GeneratorEncoder.shape: must be channels, height and width, got {self.shape!r}"
            )

    def build(self, inputs: int) -> "GeneratorEncoderNet":
        """Make the module; see `Encoder.build`.

        Raises:
            OptionError: the generator cannot take pictures of so many channels.
        """
        check_channels("GeneratorEncoder", inputs, self.shape[0])
        channels, height, width = self.shape
        return GeneratorEncoderNet(
            self.generator.build((channels, height, width), self.classes, self.likelihood)
        )

    def size_px(self) -> int:
        """The shorter side of the shape."""
        return min(self.shape[1:])


class GeneratorEncoderNet(EncoderNet):
    """The module of `GeneratorEncoder`."""

    network: GeneratorNet

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b f"]:
        """Features of pictures, resized to the generator's shape where they have another."""
        channels, height, width = self.network.shape
        pictures = with_channels("GeneratorEncoder", pictures, channels)
        if tuple(pictures.shape[2:]) != (height, width):
            pictures = functional.interpolate(
                pictures, (height, width), mode="bilinear", align_corners=False, antialias=True
            )
        return self.network.features(pictures)
