"""`AdamW` as a Spec."""

from dataclasses import dataclass
from typing import Any

import torch

from vitral.core import option
from vitral.optim.optimizers.optimizer import Optimizer


@dataclass(frozen=True, kw_only=True)
class AdamW(Optimizer, kind="adamw"):
    """Adam whose weight decay does not pass through the division.

    w <- w - lr weight_decay w, then the step of Adam without decay.

    Source:
        Loshchilov, Hutter 2019, arXiv:1711.05101, algorithm 2. Departure: the decay is multiplied
        by lr, as torch does.
    """

    lr: float = option(0.001, "learning rate before the schedule", low=0, search=(0.0001, 0.01, "log"))
    weight_decay: float = option(0.05, "pull of weights towards zero; not on norms and biases", low=0, high=1)
    betas: tuple[float, float] = option(
        (0.9, 0.999), "memory of the mean gradient and of its square", low=0, high=0.99999
    )
    eps: float = option(1e-8, "keeps rare gradients from taking huge steps", low=0, high=1)

    def over(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """Make the torch optimizer of these groups."""
        return torch.optim.AdamW(groups, betas=self.betas, eps=self.eps, foreach=True)
