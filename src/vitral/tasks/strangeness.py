"""`TellsStrangeness`: what a task can do whose model knows what pictures usually look like."""

from collections.abc import Sequence
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from vitral.tasks.task import TaskModel


@runtime_checkable
class TellsStrangeness(Protocol):
    """A task that says of each picture how unlike the training pictures it is."""

    strangeness_unit: ClassVar[str]
    """What the numbers count, in a few words."""

    def strangeness(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> list[float]:
        """One finite number per picture; the higher, the stranger, whatever stands beside it.

        Args:
            model: of this task.
            pictures: decoded, uint8, h x w x 3, shrunk as `short_side_px` says.
        """
        ...
