"""`MaskFocal`, cross-entropy that looks at the hard pixels."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vitral.core import option
from vitral.nn.mask_losses.cross_entropy import surprise
from vitral.nn.mask_losses.mask_loss import MaskLoss, weighted_mean


@dataclass(frozen=True, kw_only=True)
class MaskFocal(MaskLoss, kind="focal"):
    """Cross-entropy that fades pixels already well classified, in nats per pixel.

    loss = -(1 - p)^gamma log p of the right class, averaged over counted pixels, each with the
    weight of that class.

    Source:
        Lin et al. 2017, arXiv:1708.02002, eq. 4 and 5. Departure: softmax in place of sigmoid.
    """

    gamma: float = option(
        2.0, "how strongly easy pixels fade; 0 is cross-entropy", low=0, high=5, search=(0.0, 4.0)
    )

    def _loss(
        self, log_p: Float[Tensor, "b k h w"], masks: Int[Tensor, "b h w"], weights: Float[Tensor, " k"]
    ) -> Float[Tensor, ""]:
        return weighted_mean(faded(surprise(log_p, masks, smoothing=0.0), self.gamma), masks, weights)


def faded(nats: Float[Tensor, "b h w"], gamma: float) -> Float[Tensor, "b h w"]:
    """Nats of each pixel times (1 - p)^gamma, p being the probability that they stand for."""
    # The slope of u^gamma at u = 0 is infinite for gamma < 1; the floor keeps it out of the gradient.
    rest = (-torch.expm1(-nats)).clamp(min=torch.finfo(nats.dtype).eps ** 2)
    return rest**gamma * nats
