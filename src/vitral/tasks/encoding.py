"""`GivesEncoder` and `TakesEncoder`: what one task learned helps another to begin."""

from collections.abc import Mapping
from typing import Protocol, Self, runtime_checkable

from torch import Tensor

from vitral.nn import Encoder
from vitral.tasks.task import TaskModel


@runtime_checkable
class GivesEncoder(Protocol):
    """A task whose model holds an encoder that others can start from."""

    def encoder(self, model: TaskModel) -> tuple[Encoder, Mapping[str, Tensor]]:
        """The encoder, and the weights that its module takes.

        Args:
            model: of this task.
        """
        ...


@runtime_checkable
class TakesEncoder(Protocol):
    """A task whose network can stand on an encoder."""

    def on_encoder(self, encoder: Encoder, *, frozen: bool) -> Self:
        """The same task with a network on this encoder.

        Args:
            encoder: what learned before.
            frozen: whether it stays as it is.
        """
        ...
