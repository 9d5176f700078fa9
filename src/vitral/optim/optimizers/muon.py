"""`Muon`: steps of equal size in every direction for filters."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, overload

import torch
from torch import Tensor, nn

from vitral.core import OptionError, option
from vitral.optim.exact_state import keep_exact
from vitral.optim.newton_schulz import orthogonalize
from vitral.optim.optimizers.adamw import AdamW
from vitral.optim.optimizers.optimizer import Optimizer
from vitral.optim.parameter_groups import trainable


@dataclass(frozen=True, kw_only=True)
class Muon(Optimizer, kind="muon"):
    """Orthogonalizes the step of every convolution; another optimizer moves the rest.

    v <- momentum v + g;  o = orthogonal factor of (g + momentum v) as a filters x (c h w) matrix;
    w <- sqrt(filters) w / |w| - lr o,  or without `fixed_length`
    w <- (1 - lr weight_decay) w - lr sqrt(max(1, filters / (c h w))) o.

    With `fixed_length` lr is the relative change of a filter bank in one step; it is meant for
    convolutions followed by a norm, which undoes any length. Depthwise convolutions have no
    directions to balance and belong to the rest, as do linear layers. A fixed length undoes
    any `weight_decay` of filters.

    Raises:
        OptionError: `rest` is itself a Muon.
    Source:
        Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; fixed
        length as in airbench94_muon, github.com/KellerJordan/cifar10-airbench.
    """

    lr: float = option(0.04, "learning rate of filters before the schedule", low=0, search=(0.01, 0.3, "log"))
    momentum: float = option(
        0.9, "share of the last step that is kept", low=0, high=0.9999, search=(0.5, 0.98)
    )
    steps: int = option(3, "Newton-Schulz steps towards orthogonality", low=1, high=5)
    fixed_length: bool = option(True, "keep each filter bank at the length sqrt(filters)")
    rest: Optimizer = option(
        AdamW(lr=0.002, betas=(0.9, 0.99), weight_decay=0.05), "moves what is not a convolution"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.rest, Muon):
            raise OptionError("Muon.rest: must be another optimizer for what is not a convolution, got muon")

    def build(self, model: nn.Module) -> torch.optim.Optimizer:
        """Make the torch optimizer of everything in the model that learns; see `Optimizer.build`.

        Raises:
            VitralError: no parameter of the model learns.
        """
        named = trainable(model)
        filters = [one for one in named if _is_filter_bank(one[1])]
        others = [one for one in named if not _is_filter_bank(one[1])]
        rest = self.rest.over(self.rest.groups(model, others)) if others else None
        group = {
            "params": [p for _, p in filters],
            "lr": self.lr,
            "base_lr": self.lr,
            "weight_decay": self.weight_decay,
            "momentum": self.momentum,
            "steps": self.steps,
            "fixed_length": self.fixed_length,
            "orthogonal": True,
        }
        return keep_exact(MuonOptimizer([group] if filters else [], rest))

    def over(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """Not for Muon, which sorts parameters by what they are; `build` takes the model."""
        raise OptionError("Muon.over: must be built over a model, got groups")


class MuonOptimizer(torch.optim.Optimizer):
    """The torch optimizer of `Muon`: one object, one state, two ways to move.

    Args:
        filters: groups of convolution weights with the options of `Muon`.
        rest: the optimizer of everything else; its groups and state become part of this one.
    """

    def __init__(self, filters: list[dict[str, Any]], rest: torch.optim.Optimizer | None) -> None:
        self._rest = rest
        super().__init__([*filters, *(rest.param_groups if rest else ())], {})
        if rest is not None:
            self.state.update(rest.state)

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Move every parameter that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            if group.get("orthogonal"):
                self._step_filters(group)
        if self._rest is not None:
            # Loading a state replaces both lists, so they are handed over each time.
            self._rest.param_groups = [group for group in self.param_groups if not group.get("orthogonal")]
            self._rest.state = self.state
            self._rest.step()
        return loss

    def _step_filters(self, group: dict[str, Any]) -> None:
        """Group matrices of one shape, so that each product is done for all of them at once."""
        by_shape: dict[tuple[int, int], list[tuple[nn.Parameter, Tensor]]] = {}
        for parameter in group["params"]:
            if parameter.grad is not None:
                step = _matrix(self._ahead(parameter, group["momentum"]))
                by_shape.setdefault((step.shape[0], step.shape[1]), []).append((parameter, step))
        for (rows, columns), pairs in by_shape.items():
            directions = orthogonalize(torch.stack([step for _, step in pairs]), steps=group["steps"])
            scale = 1.0 if group["fixed_length"] else math.sqrt(max(1.0, rows / columns))
            for (parameter, _), direction in zip(pairs, directions, strict=True):
                if group["fixed_length"]:
                    parameter.mul_(math.sqrt(rows) / parameter.norm().clamp(min=1e-12))
                else:
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(_filters(direction, parameter), alpha=-group["lr"] * scale)

    def _ahead(self, parameter: nn.Parameter, momentum: float) -> Tensor:
        """Update the velocity in float32 and return the Nesterov step."""
        state = self.state[parameter]
        gradient = parameter.grad.float()  # pyright: ignore[reportOptionalMemberAccess]
        if "velocity" not in state:
            state["velocity"] = torch.zeros_like(parameter, dtype=torch.float32)
        velocity = state["velocity"].mul_(momentum).add_(gradient)
        return gradient.add(velocity, alpha=momentum)


def _is_filter_bank(parameter: Tensor) -> bool:
    return parameter.ndim == 4 and parameter.shape[0] > 1 and parameter.shape[1] > 1


def _matrix(filters: Tensor) -> Tensor:
    """One row per filter; h, w, c is the order in memory of `channels_last`, so nothing is copied."""
    return filters.permute(0, 2, 3, 1).reshape(len(filters), -1)


def _filters(matrix: Tensor, like: Tensor) -> Tensor:
    count, channels, height, width = like.shape
    return matrix.view(count, height, width, channels).permute(0, 3, 1, 2).to(like.dtype)
