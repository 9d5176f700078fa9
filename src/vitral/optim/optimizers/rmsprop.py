"""`RMSprop` as a Spec."""

from dataclasses import dataclass
from typing import Any

import torch

from vitral.core import option
from vitral.optim.optimizers.optimizer import Optimizer


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer, kind="rmsprop"):
    """Divides each gradient by its usual size.

    s <- decay s + (1 - decay) g^2;  w <- w - lr g / (sqrt(s) + eps).

    Source:
        Tieleman, Hinton 2012, "Neural networks for machine learning", lecture 6.5.
    """

    lr: float = option(0.001, "learning rate before the schedule", low=0, search=(0.0001, 0.01, "log"))
    decay: float = option(0.99, "memory of the squared gradient", low=0, high=0.99999)
    eps: float = option(1e-8, "keeps rare gradients from taking huge steps", low=0, high=1)

    def over(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """Make the torch optimizer of these groups."""
        return torch.optim.RMSprop(groups, alpha=self.decay, eps=self.eps, foreach=True)
