"""`Binary`, one yes-or-no question per class."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from vitral.core import IGNORE, option
from vitral.nn.losses.loss import Loss, soft_targets


@dataclass(frozen=True, kw_only=True)
class Binary(Loss, kind="binary"):
    """Surprise at k yes-or-no answers, one class against the rest.

    loss = -sum_j t_j log s_j + (1 - t_j) log(1 - s_j), s = sigmoid(scores),
    t_j = (1 - smoothing) [j = label] + smoothing / 2.

    Source:
        Wightman, Touvron, Jegou 2021, arXiv:2110.00476, section 3.1. Departure: the sum over
        classes, not their mean, so that the unit is nats per picture.
    """

    smoothing: float = option(
        0.0, "how far answers move from yes and no to maybe", low=0, high=1, search=(0.0, 0.2)
    )

    def _each(self, scores: Float[Tensor, "b k"], labels: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
        yes = soft_targets(labels, scores, smoothing=0.0)
        targets = yes * (1 - self.smoothing) + self.smoothing / 2
        nats = functional.binary_cross_entropy_with_logits(scores, targets, reduction="none")
        return nats.sum(1).masked_fill(labels == IGNORE, 0.0)
