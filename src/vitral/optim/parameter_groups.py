"""Which parameters are decayed, and which are left alone."""

from collections.abc import Iterable
from typing import Any

from torch import nn

from vitral.core import VitralError

Named = tuple[str, nn.Parameter]

_NORMS = (
    nn.modules.batchnorm._NormBase,
    nn.GroupNorm,
    nn.LayerNorm,
    nn.LocalResponseNorm,
    nn.RMSNorm,
)


def trainable(model: nn.Module) -> list[Named]:
    """Name and parameter of everything that learns, each once, in the order of the model.

    Raises:
        VitralError: nothing learns.
    """
    found = [(name, one) for name, one in model.named_parameters() if one.requires_grad]
    if not found:
        raise VitralError("optimizer: the model must have a parameter that learns, got none")
    return found


def parameter_groups(
    model: nn.Module, named: Iterable[Named], *, lr: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Split parameters into decayed and undecayed ones.

    Weight decay keeps a weight from growing; on the scale of a norm or on a bias it only
    moves the output. So norms, biases and everything with one axis are left alone.

    Args:
        model: where the parameters live.
        named: the ones to split; see `trainable`.
        lr: their learning rate, also kept as `base_lr` for a schedule to multiply.
        weight_decay: decay of the first group.
    Returns:
        Groups for a torch optimizer, empty ones left out.
    Source:
        He et al. 2019, arXiv:1812.01187, section 3.1 (no bias decay).
    """
    normed = {id(p) for module in model.modules() if isinstance(module, _NORMS) for p in module.parameters()}
    decayed: list[nn.Parameter] = []
    alone: list[nn.Parameter] = []
    for name, one in named:
        plain = one.ndim <= 1 or id(one) in normed or name.rpartition(".")[2] == "bias"
        (alone if plain else decayed).append(one)
    groups = ((decayed, weight_decay), (alone, 0.0))
    return [
        {"params": members, "lr": lr, "base_lr": lr, "weight_decay": decay}
        for members, decay in groups
        if members
    ]
