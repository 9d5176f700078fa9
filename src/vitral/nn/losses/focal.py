"""`Focal`, cross-entropy that looks at the hard pictures."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vitral.core import option
from vitral.nn.losses.loss import Loss, soft_targets


@dataclass(frozen=True, kw_only=True)
class Focal(Loss, kind="focal"):
    """Cross-entropy that fades pictures already well classified.

    loss = -sum_j q_j (1 - p_j)^gamma log p_j, p and q as in `CrossEntropy`.

    Source:
        Lin et al. 2017, arXiv:1708.02002, eq. 4. Departures: softmax in place of sigmoid, no
        alpha weight, and label smoothing (each class fades by its own probability).
    """

    gamma: float = option(
        2.0, "how strongly easy pictures fade; 0 is cross-entropy", low=0, high=5, search=(0.0, 4.0)
    )
    smoothing: float = option(
        0.0, "share of the target spread over all classes", low=0, high=1, search=(0.0, 0.2)
    )

    def _each(self, scores: Float[Tensor, "b k"], labels: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
        log_p = scores.log_softmax(1)
        # The slope of u^gamma at u = 0 is infinite for gamma < 1; the floor keeps it out of the gradient.
        rest = (-torch.expm1(log_p)).clamp(min=torch.finfo(log_p.dtype).eps ** 2)
        return -(soft_targets(labels, log_p, smoothing=self.smoothing) * rest**self.gamma * log_p).sum(1)
