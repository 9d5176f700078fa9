"""`MaskCrossEntropy`, surprise at the right class of each pixel."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from vitral.core import option
from vitral.nn.mask_losses.mask_loss import MASK_IGNORE, MaskLoss, weighted_mean


@dataclass(frozen=True, kw_only=True)
class MaskCrossEntropy(MaskLoss, kind="cross-entropy"):
    """Surprise at the right class of each pixel, in nats per pixel.

    loss = -sum_j q_j log p_j, p = softmax(scores), q_j = (1 - smoothing) [j = mask] + smoothing / k,
    averaged over counted pixels, each with the weight of its right class.

    Source:
        Label smoothing: Szegedy et al. 2016, arXiv:1512.00567, section 7.
    """

    smoothing: float = option(
        0.0, "share of the target spread over all classes", low=0, high=1, search=(0.0, 0.2)
    )

    def _loss(
        self, log_p: Float[Tensor, "b k h w"], masks: Int[Tensor, "b h w"], weights: Float[Tensor, " k"]
    ) -> Float[Tensor, ""]:
        return weighted_mean(surprise(log_p, masks, smoothing=self.smoothing), masks, weights)


def surprise(
    log_p: Float[Tensor, "b k h w"], masks: Int[Tensor, "b h w"], *, smoothing: float
) -> Float[Tensor, "b h w"]:
    """Nats at each pixel, of smoothed targets; of class 0 where the pixel does not count."""
    right = masks.where(masks != MASK_IGNORE, 0)[:, None]
    nats = -log_p.gather(1, right)[:, 0]
    return nats if smoothing == 0 else nats * (1 - smoothing) - log_p.mean(1) * smoothing
