"""`GivesPictures`: what a task can do whose answers are pictures that another model can be asked about."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from vitral.tasks.task import Metrics, TaskModel

Recognize = Callable[[Sequence[NDArray[np.uint8]]], Sequence[str]]
"""From pictures to the names of their classes."""


@runtime_checkable
class GivesPictures(Protocol):
    """A task whose answers are judged, beside other figures, by how well a classifier recognizes them."""

    def recognized(self, model: TaskModel, recognize: Recognize, classes: tuple[str, ...]) -> Metrics:
        """The counters of `judges`, which also ask a classifier.

        Args:
            model: of this task.
            recognize: the classifier.
            classes: names of the pictures' labels.
        """
        ...
