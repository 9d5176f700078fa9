"""Exponential moving average of the weights: the model that is validated and kept."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Average:
    """A slowly moving copy of a model's weights and buffers.

    average <- average + (1 - decay) * (weights - average), after every step, with
    decay = exp(-1 / horizon). Early on the horizon is a tenth of the steps made, so that the
    random start is forgotten.

    Args:
        model: the model to follow.
    Source:
        Polyak and Juditsky 1992, "Acceleration of stochastic approximation by averaging".
        Departure: exponential instead of uniform weights.
    """

    def __init__(self, model: nn.Module) -> None:
        self.weights = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @staticmethod
    def decay(step: int, horizon: float) -> float:
        """The decay used after step number `step` (1, 2, ...), in [0, 1)."""
        horizon = min(horizon, step / 10)
        return math.exp(-1 / horizon) if horizon > 0 else 0.0

    @torch.no_grad()
    def follow(self, model: nn.Module, step: int, *, horizon: float) -> None:
        """Move towards the model's present weights.

        Args:
            model: the model that has just made a step.
            step: how many steps it has made.
            horizon: number of steps over which the average forgets; 0 copies the model.
        """
        now = model.state_dict()
        floats = [name for name, value in self.weights.items() if value.is_floating_point()]
        torch._foreach_lerp_(  # pyright: ignore[reportPrivateImportUsage]
            [self.weights[name] for name in floats],
            [now[name] for name in floats],
            1 - self.decay(step, horizon),
        )
        for name, value in self.weights.items():
            if not value.is_floating_point():
                value.copy_(now[name])

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Take over saved weights."""
        for name, value in self.weights.items():
            value.copy_(weights[name])
