"""`CrossEntropy`, the loss of a softmax classifier."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from vitral.core import IGNORE, option
from vitral.nn.losses.loss import Loss


@dataclass(frozen=True, kw_only=True)
class CrossEntropy(Loss, kind="cross-entropy"):
    """Surprise at the right class under the softmax of the scores.

    loss = -sum_j q_j log p_j, p = softmax(scores), q_j = (1 - smoothing) [j = label] + smoothing / k.

    Source:
        Label smoothing: Szegedy et al. 2016, arXiv:1512.00567, section 7.
    """

    smoothing: float = option(
        0.0, "share of the target spread over all classes", low=0, high=1, search=(0.0, 0.2)
    )

    def _each(self, scores: Float[Tensor, "b k"], labels: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
        return functional.cross_entropy(
            scores, labels.long(), ignore_index=IGNORE, label_smoothing=self.smoothing, reduction="none"
        )
