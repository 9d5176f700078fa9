"""`VectorQuantized`: an autoencoder whose latents are codes of a book, and a prior over the codes."""

from dataclasses import dataclass

from vitral.core import option
from vitral.nn.activations import Activation, SiLU
from vitral.nn.generators.generator import Generator
from vitral.nn.generators.vector_quantized_net import VectorQuantizedNet
from vitral.nn.likelihoods import Likelihood


@dataclass(frozen=True, kw_only=True)
class VectorQuantized(Generator, kind="vq-vae"):
    """A VQ-VAE: each place of a small map holds one code of a book, and a prior tells which are likely.

    loss = -log p(x | codes) - log p(codes) + commitment |z - code|^2, all summed over a picture. The
    codes of a picture are certain, so the first two are a bound on -log p(x).

    Source:
        van den Oord et al. 2017, arXiv:1711.00937, eq. 2 and 3, the book by appendix A.1. Departures:
        the prior (see `CodePrior`) learns in the same run, from codes that still move; a true
        likelihood of the levels; points are standardized before they become codes, as in Lancucki et al.
        2020, arXiv:2005.08520, section 3; a lighter commitment; see `Codebook` for dead codes.
    """

    codes: int = option(128, "codes in the book", low=2, high=65_536, search=(32, 512, "log"))
    channels: int = option(16, "numbers in a code", low=1, high=256, search=(4, 64, "log"))
    halvings: int | None = option(
        None, "how often sides are halved from a picture to its codes; left open, 2, or 1 below 16 px",
        low=1, high=5,
    )  # fmt: skip
    width: int = option(64, "channels of the maps; half of them at the full size", low=8, high=1024)
    depth: int = option(1, "residual blocks on each size", low=1, high=16)
    prior_width: int = option(64, "channels of the maps of the prior", low=8, high=1024)
    prior_depth: int = option(5, "blocks of the prior", low=1, high=32)
    activation: Activation = option(SiLU(), "the bend before every convolution")
    dropout: float = option(
        0.1, "share of numbers hidden in the blocks of the prior in training", low=0, high=0.9,
        search=(0.0, 0.3),
    )  # fmt: skip
    commitment: float = option(
        0.05, "weight of the distance that holds the encoder to its codes", low=0, high=1000
    )
    restarts: float = option(
        0.5, "share of the training in which codes that are not used start anew", low=0, high=1
    )
    unlabeled: float = option(
        0.1, "share of labels hidden in training, so that any class can be asked for", low=0, high=1
    )

    def build(self, shape: tuple[int, int, int], classes: int, likelihood: Likelihood) -> VectorQuantizedNet:
        """Make the module; see `Generator.build`.

        Raises:
            ShapeError: no channel, or a side under 4 pixels.
        """
        return VectorQuantizedNet(self, shape, classes, likelihood)
