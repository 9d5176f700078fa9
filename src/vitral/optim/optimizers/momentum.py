"""`Momentum` as a Spec."""

from dataclasses import dataclass
from typing import Any

import torch

from vitral.core import option
from vitral.optim.optimizers.optimizer import Optimizer


@dataclass(frozen=True, kw_only=True)
class Momentum(Optimizer, kind="momentum"):
    """Gradient descent with a memory: a heavy ball rolling down.

    v <- momentum v + g + weight_decay w;  w <- w - lr v.

    Source:
        Polyak 1964, "Some methods of speeding up the convergence of iteration methods".
        Departure: lr outside v, as in Sutskever et al. 2013, section 2.
    """

    lr: float = option(0.05, "learning rate before the schedule", low=0, search=(0.001, 0.5, "log"))
    momentum: float = option(
        0.9, "share of the last step that is kept", low=0, high=0.9999, search=(0.5, 0.99)
    )

    def over(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """Make the torch optimizer of these groups."""
        return torch.optim.SGD(groups, momentum=self.momentum, foreach=True)
