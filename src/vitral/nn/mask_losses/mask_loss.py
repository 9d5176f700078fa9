"""The family of losses for segmentation: how wrong the scores of all pixels are."""

from abc import abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vitral.core import DataError, ShapeError, Spec

MASK_IGNORE = 255
"""Class number of a pixel that no loss and no metric counts."""


@dataclass(frozen=True, kw_only=True)
class MaskLoss(Spec, family="mask loss"):
    """How wrong the scores of all pixels are; 0 for a perfect answer."""

    def __call__(
        self,
        scores: Float[Tensor, "b k h w"],
        masks: Int[Tensor, "b h w"],
        *,
        weights: Float[Tensor, " k"] | None = None,
    ) -> Float[Tensor, ""]:
        """The loss of a batch.

        Half precision is widened first, also inside autocast: exponentials of bfloat16 have two
        correct digits.

        Args:
            scores: before softmax.
            masks: class numbers in [0, k); 255 is not counted.
            weights: how much each class counts, 0 or more; left out, all count alike.
        Returns:
            One number, float32 or wider; exactly 0.0, with zero gradient, when nothing is counted.
        Raises:
            ShapeError: scores, masks and weights do not fit together.
            DataError: a class number lies outside [0, k).
        """
        _check(type(self).__name__, scores, masks, weights)
        with torch.autocast(scores.device.type, enabled=False):
            wide = scores.to(torch.promote_types(scores.dtype, torch.float32))
            each = wide.new_ones(wide.shape[1]) if weights is None else weights.to(wide)
            return self._loss(wide.log_softmax(1), masks.long(), each)

    @abstractmethod
    def _loss(
        self, log_p: Float[Tensor, "b k h w"], masks: Int[Tensor, "b h w"], weights: Float[Tensor, " k"]
    ) -> Float[Tensor, ""]:
        """`__call__` for logarithms of probabilities, float32 or wider, and masks that were checked."""


def weighted_mean(
    values: Float[Tensor, "b h w"], masks: Int[Tensor, "b h w"], weights: Float[Tensor, " k"]
) -> Float[Tensor, ""]:
    """The mean over counted pixels, each with the weight of its right class."""
    counted = masks != MASK_IGNORE
    # A table with a zero at the end: a look-up for each pixel, and what does not count gets 0.
    table = torch.cat([weights, weights.new_zeros(1)])
    share = table[torch.where(counted, masks, len(weights))]
    total = share.sum()
    return (values * share).sum() / torch.where(total > 0, total, 1)


def one_hot(like: Float[Tensor, "b k h w"], masks: Int[Tensor, "b h w"]) -> Float[Tensor, "b k h w"]:
    """1 at the class of each pixel and 0 elsewhere; nothing but 0 where the pixel does not count."""
    counted = masks != MASK_IGNORE
    right = counted[:, None].to(like.dtype)
    return torch.zeros_like(like).scatter_(1, masks.where(counted, 0)[:, None], right)


def _check(where: str, scores: Tensor, masks: Tensor, weights: Tensor | None) -> None:
    fits = scores.ndim == 4 and masks.ndim == 3 and scores.shape[1] > 0
    if not fits or (len(scores), *scores.shape[2:]) != tuple(masks.shape):
        raise ShapeError(
            f"{where}: scores must be b x k x h x w and masks b x h x w, with k at least 1, got "
            f"{' x '.join(map(str, scores.shape))} and {' x '.join(map(str, masks.shape))}"
        )
    classes = scores.shape[1]
    if weights is not None and weights.shape != (classes,):
        raise ShapeError(
            f"{where}: must have one weight for each of the {classes} classes, got {tuple(weights.shape)}"
        )
    # On an accelerator this look would wait for the device; there a bad number fails in the kernel.
    if masks.device.type == "cpu" and masks.numel():
        wrong = masks[(masks != MASK_IGNORE) & ((masks < 0) | (masks >= classes))]
        if len(wrong):
            raise DataError(
                f"{where}: masks must lie in [0, {classes}) or be {MASK_IGNORE} (not counted), "
                f"got {int(wrong[0])}"
            )
