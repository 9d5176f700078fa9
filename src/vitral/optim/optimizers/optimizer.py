"""The family of optimizers."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from vitral.core import Spec, option
from vitral.optim.exact_state import keep_exact
from vitral.optim.parameter_groups import Named, parameter_groups, trainable


@dataclass(frozen=True, kw_only=True)
class Optimizer(Spec, family="optimizer"):
    """How parameters move, given their gradients."""

    lr: float = option(0.001, "learning rate before the schedule", low=0, search=(1e-4, 1.0, "log"))
    weight_decay: float = option(0.0, "pull of weights towards zero; not on norms and biases", low=0, high=1)

    def build(self, model: nn.Module) -> torch.optim.Optimizer:
        """Make the torch optimizer of everything in the model that learns.

        Each parameter group keeps its rate as `base_lr`; a schedule sets `lr` to a multiple of it.

        Raises:
            VitralError: no parameter of the model learns.
        """
        return keep_exact(self.over(self.groups(model, trainable(model))))

    def groups(self, model: nn.Module, named: list[Named]) -> list[dict[str, Any]]:
        """Parameter groups of some of the model's parameters."""
        return parameter_groups(model, named, lr=self.lr, weight_decay=self.weight_decay)

    @abstractmethod
    def over(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """Make the torch optimizer of these groups."""
