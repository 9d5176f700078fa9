"""The family of losses for classification."""

from abc import abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vitral.core import IGNORE, DataError, ShapeError, Spec


@dataclass(frozen=True, kw_only=True)
class Loss(Spec, family="loss"):
    """How wrong the scores of a classifier are, in nats."""

    def __call__(self, scores: Float[Tensor, "b k"], labels: Int[Tensor, " b"]) -> Float[Tensor, ""]:
        """Average `each` over the counted pictures.

        Args:
            scores: before softmax or sigmoid.
            labels: class numbers in [0, k); IGNORE (-100) is not counted.
        Returns:
            Nats per counted picture; exactly 0.0, with zero gradient, when none is counted.
        Raises:
            ShapeError: scores and labels do not fit together.
            DataError: a label lies outside [0, k).
        """
        counted = (labels != IGNORE).sum()
        return self.each(scores, labels).sum() / counted.clamp(min=1)

    def each(self, scores: Float[Tensor, "b k"], labels: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
        """The loss of every picture by itself.

        Half precision is widened first: exponentials of bfloat16 have two correct digits.

        Args:
            scores: before softmax or sigmoid.
            labels: class numbers in [0, k); IGNORE (-100) is not counted.
        Returns:
            Nats per picture, float32 or wider; 0 where the label is IGNORE.
        Raises:
            ShapeError: scores and labels do not fit together.
            DataError: a label lies outside [0, k).
        """
        _check(type(self).__name__, scores, labels)
        return self._each(scores.to(torch.promote_types(scores.dtype, torch.float32)), labels)

    @abstractmethod
    def _each(self, scores: Float[Tensor, "b k"], labels: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
        """`each` for scores that are float32 or wider and labels that were checked."""


def soft_targets(
    labels: Int[Tensor, " b"], like: Float[Tensor, "b k"], *, smoothing: float
) -> Float[Tensor, "b k"]:
    """Class numbers as rows of probabilities, a share of them spread over all classes.

    Args:
        labels: class numbers; rows of IGNORE become zero.
        like: gives the number of classes, the dtype and the device.
        smoothing: the share in [0, 1] that is spread evenly over the k classes.
    """
    counted = labels != IGNORE
    targets = torch.full_like(like, smoothing / like.shape[1])
    right = torch.full((len(labels), 1), 1 - smoothing, dtype=like.dtype, device=like.device)
    targets.scatter_add_(1, labels.clamp(min=0).long()[:, None], right)
    return targets * counted[:, None]


def _check(where: str, scores: Tensor, labels: Tensor) -> None:
    if scores.ndim != 2 or labels.ndim != 1 or len(scores) != len(labels) or scores.shape[1] == 0:
        raise ShapeError(
            f"{where}: scores must be b x k and labels b, with k at least 1, got "
            f"{' x '.join(map(str, scores.shape))} and {' x '.join(map(str, labels.shape))}"
        )
    # On an accelerator this look would wait for the device; there a bad label fails in the kernel.
    if labels.device.type == "cpu" and len(labels):
        wrong = labels[(labels != IGNORE) & ((labels < 0) | (labels >= scores.shape[1]))]
        if len(wrong):
            raise DataError(
                f"{where}: labels must lie in [0, {scores.shape[1]}) or be {IGNORE} (not counted), "
                f"got {int(wrong[0])}"
            )
