"""`BetaVAE`: the plain VAE with a heavier KL, for latents that stand for one thing each."""

from dataclasses import dataclass

from vitral.core import option
from vitral.nn.activations import Activation, SiLU
from vitral.nn.generators.generator import Generator
from vitral.nn.generators.ladder import Ladder
from vitral.nn.generators.ladder_net import LadderNet
from vitral.nn.likelihoods import Likelihood


@dataclass(frozen=True, kw_only=True)
class BetaVAE(Generator, kind="beta-vae"):
    """A plain VAE whose KL weighs more, so that fewer latents are used, each for one thing.

    loss = distortion + beta KL. Its figures in nats and bits are still those of the bound.

    Source:
        Higgins et al. 2017, "beta-VAE: learning basic visual concepts with a constrained variational
        framework", eq. 4.
    """

    beta: float = option(4.0, "weight of KL", low=0, high=1000, search=(1.0, 16.0, "log"))
    latents: int = option(32, "numbers a picture is described by", low=1, high=1024, search=(8, 64))
    width: int = option(64, "channels of the maps; half of them at the full size", low=8, high=1024)
    depth: int = option(1, "residual blocks on each size", low=1, high=16)
    activation: Activation = option(SiLU(), "the bend before every convolution")
    warmup: float = option(0.1, "share of the training in which the weight of KL rises from 0", low=0, high=1)

    def build(self, shape: tuple[int, int, int], classes: int, likelihood: Likelihood) -> LadderNet:
        """Make the module; see `Generator.build`.

        Raises:
            ShapeError: no channel, or a side under 4 pixels.
        """
        plain = Ladder(
            groups=1, beta=self.beta, latents=self.latents, width=self.width, depth=self.depth,
            activation=self.activation, warmup=self.warmup, free_top_nats=0.0,
        )  # fmt: skip
        return plain.build(shape, classes, likelihood)
