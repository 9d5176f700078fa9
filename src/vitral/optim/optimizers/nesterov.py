"""`Nesterov` as a Spec."""

from dataclasses import dataclass
from typing import Any

import torch

from vitral.core import option
from vitral.optim.optimizers.optimizer import Optimizer


@dataclass(frozen=True, kw_only=True)
class Nesterov(Optimizer, kind="nesterov"):
    """Momentum that looks one step ahead before it turns.

    u = g + weight_decay w;  v <- momentum v + u;  w <- w - lr (u + momentum v).

    Source:
        Nesterov 1983; Sutskever et al. 2013, "On the importance of initialization and momentum in
        deep learning", eq. 3-4. Departure: written at the point ahead, as torch does.
    """

    lr: float = option(0.05, "learning rate before the schedule", low=0, search=(0.001, 0.5, "log"))
    momentum: float = option(
        0.9, "share of the last step that is kept", low=0.01, high=0.9999, search=(0.5, 0.99)
    )

    def over(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """Make the torch optimizer of these groups."""
        return torch.optim.SGD(groups, momentum=self.momentum, nesterov=True, foreach=True)
