"""`Adam` as a Spec."""

from dataclasses import dataclass
from typing import Any

import torch

from vitral.core import option
from vitral.optim.optimizers.optimizer import Optimizer


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer, kind="adam"):
    """Mean gradient divided by its usual size, both bias-corrected.

    m <- b1 m + (1 - b1) g;  s <- b2 s + (1 - b2) g^2;
    w <- w - lr (m / (1 - b1^t)) / (sqrt(s / (1 - b2^t)) + eps). Weight decay is added to g.

    Source:
        Kingma, Ba 2015, arXiv:1412.6980, algorithm 1.
    """

    lr: float = option(0.001, "learning rate before the schedule", low=0, search=(0.0001, 0.01, "log"))
    betas: tuple[float, float] = option(
        (0.9, 0.999), "memory of the mean gradient and of its square", low=0, high=0.99999
    )
    eps: float = option(1e-8, "keeps rare gradients from taking huge steps", low=0, high=1)

    def over(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """Make the torch optimizer of these groups."""
        return torch.optim.Adam(groups, betas=self.betas, eps=self.eps, foreach=True)
