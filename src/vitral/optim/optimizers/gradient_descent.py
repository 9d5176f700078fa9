"""`GradientDescent` as a Spec."""

from dataclasses import dataclass
from typing import Any

import torch

from vitral.core import option
from vitral.optim.optimizers.optimizer import Optimizer


@dataclass(frozen=True, kw_only=True)
class GradientDescent(Optimizer, kind="gradient-descent"):
    """A step against the gradient of one batch.

    w <- w - lr (g + weight_decay w).

    Source:
        Robbins, Monro 1951, "A stochastic approximation method".
    """

    lr: float = option(0.1, "learning rate before the schedule", low=0, search=(0.001, 1.0, "log"))

    def over(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """Make the torch optimizer of these groups."""
        return torch.optim.SGD(groups, foreach=True)
