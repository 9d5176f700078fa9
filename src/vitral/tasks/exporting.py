"""`Exports`: what a task's model gives when it leaves Vitral as one graph of plain operations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from vitral.tasks.task import Task, TaskModel


@dataclass(frozen=True, kw_only=True)
class Port:
    """One array that goes into a graph or comes out of it.

    Args:
        name: by which whoever runs the graph gives it or asks for it.
        axes: one for each axis: its length, or the name of a length that may differ from call to call.
            `b`, `h` and `w` of all inputs are the same numbers.
        holds: what the numbers are, with unit and range.
        dtype: of the numbers.
        below: whole numbers of an input lie under it, in [0, below).
    """

    name: str
    axes: tuple[str | int, ...]
    holds: str
    dtype: Literal["uint8", "int64", "float32"] = "float32"
    below: int = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """A module with what goes in and what comes out.

    Args:
        module: takes the inputs in their order, and gives one tensor, or a tuple of several. It must
            be in evaluation mode and draw nothing at random.
        inputs: at least one, each with the axis `b` first.
        outputs: as the module gives them.
        height: rows of the inputs that were learned from: length of the axis `h` where it is fixed.
        width: columns, of the axis `w`.
        any_size: whether the module takes other heights and widths, too.
    """

    module: nn.Module = field(repr=False)
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    height: int
    width: int
    any_size: bool = True


@runtime_checkable
class Exports(Protocol):
    """A task that says what its graphs give; of another one the plain output of its network is given."""

    def graphs(self, model: TaskModel) -> Mapping[str, Graph]:
        """The parts that can leave, by name; the first is meant where none is named.

        Args:
            model: of this task, in evaluation mode, on the CPU.
        Raises:
            DataError: this model cannot leave as a graph; one sentence says why, and what can be done.
        """
        ...


PICTURES = Port(
    name="pictures",
    axes=("b", 3, "h", "w"),
    holds="levels of red, green and blue as a decoder gives them, 0 to 255",
    dtype="uint8",
)
"""The input of graphs that look at pictures."""


class FromLevels(nn.Module):
    """From uint8 levels to what a network sees.

    Args:
        mean: of red, green and blue on [0, 1], to be taken off.
        std: of red, green and blue on [0, 1], to be divided by.
    """

    gain: Tensor
    offset: Tensor

    def __init__(
        self, mean: Sequence[float] = (0.0, 0.0, 0.0), std: Sequence[float] = (1.0, 1.0, 1.0)
    ) -> None:
        super().__init__()
        exact_mean, exact_std = (torch.tensor(one, dtype=torch.float64) for one in (mean, std))
        gain, offset = 1 / (255 * exact_std), -exact_mean / exact_std
        self.register_buffer("gain", gain.float()[:, None, None], persistent=False)
        self.register_buffer("offset", offset.float()[:, None, None], persistent=False)

    def forward(self, pictures: UInt8[Tensor, "b c=3 h w"]) -> Float[Tensor, "b c=3 h w"]:
        """Normalize pictures."""
        return pictures.float() * self.gain + self.offset


def graphs_of(task: Task, model: TaskModel) -> Mapping[str, Graph]:
    """The graphs of any task: its own, or normalization and network.

    Args:
        task: with nothing open.
        model: of this task, in evaluation mode, on the CPU.
    Raises:
        DataError: this model cannot leave as a graph.
    """
    if isinstance(task, Exports):
        return task.graphs(model)
    plan = task.augmentation(model.facts, train=False)
    graph = Graph(
        module=nn.Sequential(FromLevels(plan.mean, plan.std), model),
        inputs=(PICTURES,),
        outputs=(Port(name="output", axes=(), holds="what the network gives"),),
        height=plan.height,
        width=plan.width,
    )
    return {"network": graph}
