"""`Ladder`: a variational autoencoder with groups of latents from coarse to fine."""

from dataclasses import dataclass

from vitral.core import option
from vitral.nn.activations import Activation, SiLU
from vitral.nn.generators.generator import Generator
from vitral.nn.generators.ladder_net import LadderNet
from vitral.nn.likelihoods import Likelihood


@dataclass(frozen=True, kw_only=True)
class Ladder(Generator, kind="ladder"):
    """A variational autoencoder whose latents are drawn from the coarse to the fine.

    With one group it is the plain VAE: one vector, a standard normal prior, a decoder. Further
    groups lie on maps, each with a prior that depends on those before it.

    Source:
        Kingma, Welling 2014, arXiv:1312.6114; Sonderby et al. 2016, arXiv:1602.02282 (ladder, KL
        warm-up); Kingma et al. 2016, arXiv:1606.04934, eq. 15 (free bits); Vahdat, Kautz 2020,
        arXiv:2007.03898; Child 2021, arXiv:2011.10650. Departures: no normalization layers, and see
        `GroupOfLatents`.
    """

    groups: int = option(5, "groups of latents; 1 is the plain VAE", low=1, high=8, search=(1, 8))
    resolutions: int = option(
        3, "sizes the groups live on: a vector, a coarse map, a map of twice its side", low=1, high=3
    )
    latents: int = option(32, "latents in a group that is a vector", low=1, high=1024, search=(8, 64))
    channels: int = option(4, "latents at each place of a map", low=1, high=256, search=(2, 16))
    width: int = option(64, "channels of the maps; half of them at the full size", low=8, high=1024)
    depth: int = option(1, "residual blocks after each group and on each size", low=1, high=16)
    activation: Activation = option(SiLU(), "the bend before every convolution")
    dropout: float = option(
        0.1, "share of channels hidden inside each block in training", low=0, high=0.9, search=(0.0, 0.3)
    )
    beta: float = option(1.0, "weight of KL in what is minimized; 1 is the bound", low=0, high=1000)
    free_nats: float = option(
        0.5, "KL of a group, on average over a batch, below which it costs no less", unit="nats", low=0
    )
    free_top_nats: float = option(
        10.0, "the same for the topmost group, so that the whole picture is described there first",
        unit="nats", low=0,
    )  # fmt: skip
    warmup: float = option(0.1, "share of the training in which the weight of KL rises from 0", low=0, high=1)
    unlabeled: float = option(
        0.1, "share of labels hidden in training, so that any class can be asked for", low=0, high=1
    )
    bound: float = option(5.0, "largest log of a deviation, smoothly held", low=1, high=20)

    def build(self, shape: tuple[int, int, int], classes: int, likelihood: Likelihood) -> LadderNet:
        """Make the module; see `Generator.build`.

        Raises:
            ShapeError: no channel, or a side under 4 pixels.
        """
        return LadderNet(self, shape, classes, likelihood)
