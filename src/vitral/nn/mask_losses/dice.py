"""`Dice`, the overlap of each class, whatever its size."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vitral.core import option
from vitral.nn.mask_losses.mask_loss import MASK_IGNORE, MaskLoss, one_hot


@dataclass(frozen=True, kw_only=True)
class Dice(MaskLoss, kind="dice"):
    """One minus the overlap of each class: small classes count as much as large ones.

    loss_j = 1 - (2 sum p_j t_j + s) / (sum p_j + sum t_j + s), p = softmax(scores), t_j = [j = mask],
    summed over the counted pixels of the batch; the mean over the classes that occur in its masks,
    with their weights. It lies in [0, 1].

    Source:
        Milletari et al. 2016, arXiv:1606.04797, section 3. Departures: several classes, those of the
        batch that occur; sums in place of sums of squares in the denominator; `smooth` pixels in both.
    """

    smooth: float = option(
        1.0, "pixels added to both parts of the ratio; steadies tiny areas", unit="px", low=0, high=1e6
    )

    def _loss(
        self, log_p: Float[Tensor, "b k h w"], masks: Int[Tensor, "b h w"], weights: Float[Tensor, " k"]
    ) -> Float[Tensor, ""]:
        return dice_loss(log_p, masks, weights, smooth=self.smooth)


def dice_loss(
    log_p: Float[Tensor, "b k h w"],
    masks: Int[Tensor, "b h w"],
    weights: Float[Tensor, " k"],
    *,
    smooth: float,
) -> Float[Tensor, ""]:
    """The loss of `Dice`."""
    p = log_p.exp() * (masks != MASK_IGNORE)[:, None]
    truth = one_hot(log_p, masks)
    pixels = truth.sum((0, 2, 3))
    overlap, claimed = (p * truth).sum((0, 2, 3)), p.sum((0, 2, 3))
    occurs = pixels > 0
    # Where a class does not occur, the ratio may be 0 / 0; it counts for nothing.
    whole = torch.where(occurs, claimed + pixels + smooth, 1)
    lost = 1 - (2 * overlap + smooth) / whole
    return mean_of_classes(lost, weights * occurs)


def mean_of_classes(losses: Float[Tensor, " k"], weights: Float[Tensor, " k"]) -> Float[Tensor, ""]:
    """The weighted mean over classes; exactly 0 when no class has a weight."""
    total = weights.sum()
    return (losses * weights).sum() / torch.where(total > 0, total, 1)
