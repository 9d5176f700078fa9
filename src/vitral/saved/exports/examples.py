"""Random inputs for a graph: to trace it with, and to compare it by."""

import torch
from torch import Tensor

from vitral.core import derived_seed
from vitral.tasks.exporting import Graph, Port


def example_inputs(graph: Graph, *, batch: int, height: int, width: int) -> tuple[Tensor, ...]:
    """The same random numbers for the same lengths.

    Args:
        graph: whose inputs are made up.
        batch: length of the axis `b`.
        height: length of the axis `h`.
        width: length of the axis `w`.
    """
    lengths = {"b": batch, "h": height, "w": width}
    seed = derived_seed(batch, f"export {height} {width}")
    random = torch.Generator().manual_seed(seed)
    return tuple(_drawn(port, lengths, random) for port in graph.inputs)


def _drawn(port: Port, lengths: dict[str, int], random: torch.Generator) -> Tensor:
    shape = [lengths[axis] if isinstance(axis, str) else axis for axis in port.axes]
    if port.dtype == "float32":
        return torch.rand(shape, generator=random)
    dtype = torch.uint8 if port.dtype == "uint8" else torch.int64
    return torch.randint(0, port.below, shape, generator=random, dtype=dtype)
