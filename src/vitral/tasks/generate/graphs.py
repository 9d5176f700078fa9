"""A generator as graphs: from pictures to latents, and from latents to pictures."""

import numpy as np
from torch import Tensor, nn

from vitral.nn import Bernoulli, GeneratorNet, Likelihood
from vitral.tasks.exporting import PICTURES, FromLevels, Graph, Port


class _Encoder(nn.Module):
    """Pictures to the means of their latents, no class being told."""

    def __init__(self, network: GeneratorNet, likelihood: Likelihood) -> None:
        super().__init__()
        self.network, self.likelihood, self.ready = network, likelihood, FromLevels()

    def forward(self, pictures: Tensor) -> Tensor:
        levels = self.ready(pictures)[:, : self.network.shape[0]]
        # Which picture of a set it is plays no part: nothing is drawn at random here.
        seen = self.likelihood.seen(levels, seed=0, epoch=0, indices=np.zeros(1, np.int64))
        return self.network.encode(seen)


class _Decoder(nn.Module):
    """Latents, and the classes where they can be asked for, to pictures."""

    def __init__(self, network: GeneratorNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.network.decode(latents, labels)


def encoder_and_decoder(network: GeneratorNet, likelihood: Likelihood) -> dict[str, Graph]:
    """Both halves of a generator; only the decoder where pictures are binarized by chance or not at all.

    Args:
        network: the generator.
        likelihood: of the levels.
    """
    channels, height, width = network.shape
    unit = "standard normal ones give a new picture" if network.leading else "vectors of codes"
    latents = Port(name="latents", axes=("b", network.latents), holds=f"latent numbers; {unit}")
    labels = Port(
        name="labels", axes=("b",), dtype="int64", below=network.classes + 1,
        holds=f"the class asked for, in the order of the facts; {network.classes}: any",
    )  # fmt: skip
    made = Port(
        name="pictures",
        axes=("b", channels, height, width),
        holds="grey on [0, 1]" if channels == 1 else "red, green and blue on [0, 1]",
    )
    decoder = Graph(
        module=_Decoder(network),
        # Where no latents lead, the prior alone knows of classes.
        inputs=(latents, labels) if network.classes and network.leading else (latents,),
        outputs=(made,),
        height=height,
        width=width,
        any_size=False,
    )
    if isinstance(likelihood, Bernoulli) and likelihood.binarize != "threshold":
        return {"decoder": decoder}
    encoder = Graph(
        module=_Encoder(network, likelihood),
        inputs=(PICTURES,),
        outputs=(latents,),
        height=height,
        width=width,
        any_size=False,
    )
    return {"encoder": encoder, "decoder": decoder}
