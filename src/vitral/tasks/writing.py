"""`WritesAnswers`: what a task can do whose answers others read from files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.tasks.task import TaskModel


@dataclass(frozen=True, kw_only=True, eq=False)
class Answered:
    """A picture with the answer that was given for it.

    Args:
        name: relative name of the picture with "/" separators and its ending; no two are alike.
        pixels: the picture.
        answer: what the task's `predict` gave.
    """

    name: str
    pixels: UInt8[NDArray[np.uint8], "h w c=3"] = field(repr=False)
    answer: Any = field(repr=False)


@runtime_checkable
class WritesAnswers(Protocol):
    """A task whose answers can be written as files of known formats."""

    formats: ClassVar[tuple[str, ...]]
    """Names of the formats; the first one is written when none is asked for."""

    def written(
        self, model: TaskModel, answers: Iterable[Answered], format: str
    ) -> Iterator[tuple[str, bytes]]:
        """Files of many answers: relative names with "/" separators, and what they hold.

        Args:
            model: of this task.
            answers: asked for one by one, so that few are in memory.
            format: one of `formats`.
        """
        ...
