"""`Lovasz`, the extension of intersection over union to probabilities."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from vitral.core import option
from vitral.nn.mask_losses.dice import mean_of_classes
from vitral.nn.mask_losses.mask_loss import MASK_IGNORE, MaskLoss, one_hot


@dataclass(frozen=True, kw_only=True)
class Lovasz(MaskLoss, kind="lovasz"):
    """One minus intersection over union, extended to probabilities by Lovasz.

    The errors m_i = |t_i - p_i| of a class are put in falling order and weighed by how much each
    pixel takes from the intersection over union, had those before it been wrong as well. The mean
    over the classes that occur in the masks, with their weights. It lies in [0, 1].

    Source:
        Berman et al. 2018, arXiv:1705.08790, eq. 8, 9 and 11 (Lovasz-Softmax, classes "present").
        Departure: the differences of eq. 9 are computed in closed form, which keeps their digits.
    """

    per_picture: bool = option(False, "each picture by itself, not all pixels of the batch together")

    def _loss(
        self, log_p: Float[Tensor, "b k h w"], masks: Int[Tensor, "b h w"], weights: Float[Tensor, " k"]
    ) -> Float[Tensor, ""]:
        return lovasz_loss(log_p, masks, weights, per_picture=self.per_picture)


def lovasz_loss(
    log_p: Float[Tensor, "b k h w"],
    masks: Int[Tensor, "b h w"],
    weights: Float[Tensor, " k"],
    *,
    per_picture: bool,
) -> Float[Tensor, ""]:
    """The loss of `Lovasz`."""
    counted = (masks != MASK_IGNORE)[:, None]
    truth = one_hot(log_p, masks)
    errors = (truth - log_p.exp()).abs() * counted
    # Pixels that do not count come last, behind errors of 0.
    keys = torch.where(counted, errors.detach(), -1)
    if not per_picture:
        errors, truth, keys = (_joined(one) for one in (errors, truth, keys))
    errors, truth, keys = (one.flatten(2) for one in (errors, truth, keys))
    lost = (errors * _slopes(keys, truth)).sum(2)
    occurs = truth.any(2)
    each = [mean_of_classes(one, weights * there) for one, there in zip(lost, occurs, strict=True)]
    # Only pictures in which something counts have a say.
    judged = (occurs * weights).any(1).sum()
    return torch.stack(each).sum() / judged.clamp(min=1) if each else errors.sum()


def _slopes(keys: Float[Tensor, "b k m"], truth: Float[Tensor, "b k m"]) -> Float[Tensor, "b k m"]:
    """How fast the loss of a class grows with the error of each pixel (Berman et al., eq. 9).

    With I and U the intersection and union when all pixels up to this one are wrong, the loss rises
    by 1 / U at a pixel of the class and by I / (U (U - 1)) at another.
    """
    order = _falling(keys)
    own = truth.gather(2, order) > 0
    wrong, alien = own.long().cumsum(2), (~own).long().cumsum(2)
    pixels = wrong[:, :, -1:]
    inside, union = (pixels - wrong).to(truth), (pixels + alien).to(truth)
    # A class without a pixel has U = 1 at the first one; it is left out of the mean anyway.
    rise = torch.where(own, 1 / union.clamp(min=1), inside / (union * (union - 1)).clamp(min=1))
    return torch.zeros_like(truth).scatter_(2, order, rise)


def _falling(keys: Float[Tensor, "b k m"]) -> Int[Tensor, "b k m"]:
    if keys.device.type != "cpu" or not keys.numel():
        return keys.argsort(dim=2, descending=True)
    # NumPy sorts four times as fast as PyTorch on a processor.
    return torch.from_numpy(np.argsort(-keys.numpy(), axis=2))


def _joined(values: Float[Tensor, "b k h w"]) -> Float[Tensor, "1 k bh w"]:
    """All pictures of a batch as one."""
    return values.transpose(0, 1).flatten(1, 2)[None]
