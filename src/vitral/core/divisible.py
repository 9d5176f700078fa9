"""`Divisible`: work on a batch that several threads can share, and what a loader and it agree on."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.core.batch import Batch

Room = Callable[[tuple[int, ...]], Float[NDArray[np.float32], "..."]]
"""Gives memory of a shape for results; what was in it before is undefined."""


class Work(Protocol):
    """What is to be done with one batch."""

    def part(self, start: int, stop: int) -> None:
        """Do the pictures from `start` to before `stop`; parts may run at once, in any order."""
        ...

    def finish(self) -> Batch:
        """What needs all pictures; called once, after the last part."""
        ...


@runtime_checkable
class Divisible(Protocol):
    """A change of a batch whose cost lies in its single pictures.

    It must give the same as calling it with the whole batch, whatever the parts are.
    """

    def begin(self, batch: Batch, room: Room) -> Work:
        """Decide everything about a batch; cheap against the parts."""
        ...
