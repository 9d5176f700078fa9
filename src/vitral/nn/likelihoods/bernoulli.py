"""`Bernoulli`: the likelihood of pictures that are black and white."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from vitral.core import DataError, option, uniform
from vitral.nn.likelihoods.likelihood import Likelihood, check_fit, uniform_noise, wide


@dataclass(frozen=True, kw_only=True)
class Bernoulli(Likelihood, kind="bernoulli"):
    """Each pixel is white with a probability of its own, or black.

    -log p(x) = sum_i softplus(a_i) - x_i a_i, with a_i the logit of pixel i and x_i 0 or 1.
    Figures belong to the binary pictures: those of thresholded and of drawn ones cannot be compared.

    Source:
        Kingma, Welling 2014, arXiv:1312.6114, appendix C.1; dynamic binarization as in Salakhutdinov,
        Murray 2008, "On the quantitative analysis of deep belief networks", section 5.
    """

    binarize: str = option(
        "dynamic",
        "how grey becomes black or white: drawn with its level as probability, new in every epoch; "
        "by a threshold at the middle; or none, for pictures that are binary",
        choices=("dynamic", "threshold", "none"),
    )

    def outputs(self, channels: int) -> int:
        """One logit for each channel."""
        return channels

    def nats(
        self, parameters: Float[Tensor, "b c h w"], pictures: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, " b"]:
        """Minus the log probability of each binary picture; see `Likelihood.nats`.

        Raises:
            ShapeError: the parameters do not belong to these pictures.
        """
        check_fit(self, parameters, pictures)
        logits = wide(parameters)
        return (functional.softplus(logits) - pictures * logits).flatten(1).sum(1)

    def draw(
        self, parameters: Float[Tensor, "b c h w"], *, temperature: float, random: torch.Generator | None
    ) -> Float[Tensor, "b c h w"]:
        """Black and white pictures; at temperature 0 the probability of white, as a grey level."""
        logits = wide(parameters)
        if temperature == 0:
            return logits.sigmoid()
        white = uniform_noise(logits.shape, logits, random) < (logits / temperature).sigmoid()
        return white.to(logits.dtype)

    def seen(
        self, pictures: Float[Tensor, "b c h w"], *, seed: int, epoch: int, indices: NDArray[np.int64]
    ) -> Float[Tensor, "b c h w"]:
        """The pictures in black and white; see `Likelihood.seen`.

        Raises:
            DataError: nothing shall be changed, but a pixel is grey.
        """
        if self.binarize == "threshold":
            return (pictures >= 0.5).to(pictures.dtype)
        if self.binarize == "none":
            if not bool(((pictures == 0) | (pictures == 1)).all()):
                raise DataError(
                    "Bernoulli.binarize: with none every pixel must be black or white, but there is grey; "
                    "dynamic or threshold makes it binary, --likelihood discretized-logistics keeps it"
                )
            return pictures
        pixels = pictures[0].numel()
        keys = np.asarray(indices, np.int64)[:, None] * pixels + np.arange(pixels)
        chance = torch.from_numpy(uniform(seed, epoch, keys, "binarize")).to(pictures.device)
        return (chance.view(len(pictures), *pictures.shape[1:]) < pictures).to(pictures.dtype)
