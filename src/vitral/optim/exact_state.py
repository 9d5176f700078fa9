"""Make a torch optimizer load its state exactly as it was saved."""

from itertools import chain
from typing import Any

import torch


def keep_exact(optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
    """Keep type and memory layout of the state when it is loaded again.

    Torch converts loaded state to the type of the parameter, and takes over the layout of the
    file, where `channels_last` is lost: slower steps, and last digits that may differ. Here
    the type is the saved one and the layout that of the parameter, as in an uninterrupted run.
    """
    loading: list[dict[str, Any]] = []

    def remember(_: torch.optim.Optimizer, state_dict: dict[str, Any]) -> None:
        loading.append(state_dict)

    def restore(optimizer: torch.optim.Optimizer) -> None:
        """Put the state back as it was saved, in the layout of its parameter."""
        saved = loading.pop()
        numbers = chain.from_iterable(group["params"] for group in saved["param_groups"])
        own = chain.from_iterable(group["params"] for group in optimizer.param_groups)
        for number, parameter in zip(numbers, own, strict=True):
            for name, value in saved["state"].get(number, {}).items():
                if name != "step" and isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                    target = torch.empty_like(parameter, dtype=value.dtype, requires_grad=False)
                    optimizer.state[parameter][name] = target.copy_(value)

    optimizer.register_load_state_dict_pre_hook(remember)
    optimizer.register_load_state_dict_post_hook(restore)
    return optimizer
