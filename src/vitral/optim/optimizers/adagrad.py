"""`Adagrad` as a Spec."""

from dataclasses import dataclass
from typing import Any

import torch

from vitral.core import option
from vitral.optim.optimizers.optimizer import Optimizer


@dataclass(frozen=True, kw_only=True)
class Adagrad(Optimizer, kind="adagrad"):
    """Divides each gradient by all that came before it.

    s <- s + g^2;  w <- w - lr g / (sqrt(s) + eps).

    Source:
        Duchi, Hazan, Singer 2011, "Adaptive subgradient methods", figure 1 (diagonal).
    """

    lr: float = option(0.01, "learning rate before the schedule", low=0, search=(0.001, 0.1, "log"))
    eps: float = option(1e-10, "keeps the first steps finite", low=0, high=1)

    def over(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """Make the torch optimizer of these groups."""
        return torch.optim.Adagrad(groups, eps=self.eps, foreach=True)
