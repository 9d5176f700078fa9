"""`CompressModel`: an autoencoder, the steps of its quantizer, and the prior that codes its latents."""

import math

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor, nn

from vitral.codec import Tables
from vitral.data import DataFacts
from vitral.nn import AutoencoderNet, ContextPrior, LatentProbe
from vitral.tasks.compress.tables import TableBuffers
from vitral.tasks.task import TaskModel

MOST_STEPS = 2**15 - 1
"""Larger magnitudes of latents, which no picture of a trained model has, are cut down to this."""


class CompressModel(TaskModel):
    """Pictures to whole numbers and back, at each of several qualities.

    Before rounding, every channel of the latent is multiplied by a gain of its own for each quality:
    a large gain means small steps. One network so serves all rates.

    Args:
        network: the autoencoder.
        facts: of the training pictures.
        prior: how probable each latent is.
        weights: weight of the error against the rate at each quality.
    Source:
        Cui et al. 2021, arXiv:2003.02012 (gain units).
    """

    network: AutoencoderNet

    def __init__(
        self, network: AutoencoderNet, facts: DataFacts, *, prior: ContextPrior, weights: tuple[float, ...]
    ) -> None:
        super().__init__(network, facts)
        self.prior = prior
        # Where the error weighs w, steps of the order of 1 / sqrt(w) are right.
        middle = weights[len(weights) // 2]
        start = torch.tensor([0.5 * math.log(weight / middle) for weight in weights])
        self.log_gain = nn.Parameter(start[:, None].repeat(1, network.channels))
        self.log_inverse = nn.Parameter(-start[:, None].repeat(1, network.channels))
        self.table_buffers = TableBuffers(prior, qualities=len(weights))
        classes = len(facts.classes)
        self.probe = LatentProbe(2 * network.channels, classes, facts.pictures) if classes > 1 else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Pictures on [0, 1] through the autoencoder, without any rounding."""
        return self.network.synthesis(self.network.analysis(inputs))

    def scaled(
        self, latent: Float[Tensor, "b c h w"], quality: Int[Tensor, " b"]
    ) -> Float[Tensor, "b c h w"]:
        """The latent in steps of the quantizer; quality numbers begin at 0."""
        return latent.float() * self.log_gain[quality].exp()[:, :, None, None]

    def synthesis(
        self, quantized: Float[Tensor, "b c h w"], quality: Int[Tensor, " b"]
    ) -> Float[Tensor, "b c2=3 h2 w2"]:
        """The pictures of quantized latents; quality numbers begin at 0."""
        return self.network.synthesis(quantized * self.log_inverse[quality].exp()[:, :, None, None])

    @torch.inference_mode()
    def latent_of(self, pictures: Float[Tensor, "b c=3 h w"]) -> Float[Tensor, "b c2 h2 w2"]:
        """The latent in float32, whatever arithmetic is switched on around it."""
        with torch.autocast(pictures.device.type, enabled=False):
            return self.network.analysis(pictures.float())

    def quantized(self, latent: Float[Tensor, "b c h w"], quality: int) -> Int[NDArray[np.int32], "b c h w"]:
        """Whole numbers for the coder; quality numbers begin at 0."""
        with torch.inference_mode():
            steps = self.scaled(latent, torch.full((len(latent),), quality, device=latent.device))
            return steps.round().clamp(-MOST_STEPS, MOST_STEPS).to(torch.int32).cpu().numpy()

    @torch.inference_mode()
    def restored(self, quantized: Int[NDArray[np.int32], "c h w"], quality: int) -> Float[Tensor, "c=3 h w"]:
        """The picture of whole numbers, on [0, 1]; quality numbers begin at 0."""
        device = self.log_inverse.device
        with torch.autocast(device.type, enabled=False):
            latent = torch.from_numpy(quantized.astype(np.float32))[None].to(device)
            made = self.synthesis(latent, torch.full((1,), quality, device=device))
        return made[0].clamp(0, 1)

    def tables(self) -> Tables:
        """What the coder needs, in whole numbers.

        Raises:
            FileFormatError: the numbers in the model file are no tables.
        """
        return self.table_buffers.tables(stride=self.network.stride)
