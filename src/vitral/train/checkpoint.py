"""Everything a training needs to go on bit for bit, in one atomic file without pickle."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vitral.core import FileFormatError
from vitral.saved import read_tensors, write_tensors

FORMAT = "vitral.checkpoint"
VERSION = 1


def write_checkpoint(
    path: Path, groups: Mapping[str, Mapping[str, Tensor]], content: Mapping[str, Any]
) -> None:
    """Write named groups of tensors (model, average, ...) and JSON values, atomically.

    Raises:
        VitralError: the file cannot be written; the checkpoint before it is kept.
    """
    flat = {f"{group}/{name}": value for group, tensors in groups.items() for name, value in tensors.items()}
    write_tensors(path, flat, content, format=FORMAT, version=VERSION)


def read_checkpoint(path: Path) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """Read what `write_checkpoint` wrote.

    Raises:
        FileFormatError: missing, torn or foreign.
    """
    flat, content, _ = read_tensors(path, format=FORMAT, version=VERSION)
    groups: dict[str, dict[str, Tensor]] = {}
    for name, value in flat.items():
        group, _, inner = name.partition("/")
        groups.setdefault(group, {})[inner] = value
    return groups, content


def optimizer_state(optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Split an optimizer's state into tensors by name and plain JSON values.

    Raises:
        FileFormatError: the optimizer keeps something that is neither tensor nor plain value.
    """
    state = optimizer.state_dict()
    tensors: dict[str, Tensor] = {}
    values: dict[str, Any] = {"groups": [], "scalars": {}}
    for group in state["param_groups"]:
        values["groups"].append({key: _plain(value, f"group option {key!r}") for key, value in group.items()})
    for number, entries in state["state"].items():
        for key, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"{number}.{key}"] = value
            else:
                values["scalars"][f"{number}.{key}"] = _plain(value, f"state {key!r}")
    return tensors, values


def load_optimizer_state(
    optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor], values: Mapping[str, Any]
) -> None:
    """Put back what `optimizer_state` took apart."""
    state: dict[int, dict[str, Any]] = {}
    for name, value in [*tensors.items(), *values["scalars"].items()]:
        number, _, key = name.partition(".")
        state.setdefault(int(number), {})[key] = value
    own = optimizer.state_dict()["param_groups"]
    # JSON has no tuples (betas): give every option the type it has in a fresh optimizer.
    groups = [
        {key: tuple(value) if isinstance(mine.get(key), tuple) else value for key, value in group.items()}
        for group, mine in zip(values["groups"], own, strict=True)
    ]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _plain(value: Any, what: str) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item, what) for item in value]
    raise FileFormatError(
        f"checkpoint: the optimizer's {what} is a {type(value).__name__}, which cannot be stored"
    )
