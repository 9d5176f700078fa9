"""`GivesPoints`: what a task can do whose model turns a picture into a point."""

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from vitral.tasks.task import TaskModel


@runtime_checkable
class GivesPoints(Protocol):
    """A task that describes each picture by a few numbers, so that alike pictures lie near each other."""

    def points(self, model: TaskModel, inputs: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        """Each picture as a point.

        Args:
            model: of this task.
            inputs: as `augmentation(train=False)` makes them.
        """
        ...
