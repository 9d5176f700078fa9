"""`WritesAnswers`: what a task can do whose answers others read from files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import DataError
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
    """A task whose answers can be written as files of known formats.

    The files of a picture have its name without the ending, with other endings; see `WritesTogether`.
    """

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
        Raises:
            DataError: two pictures would share a file.
        """
        ...


@runtime_checkable
class WritesTogether(WritesAnswers, Protocol):
    """A task that can also write the answers of all pictures into the same few files."""

    together: ClassVar[tuple[str, ...]]
    """Those of the `formats` that do so: pictures are told apart by their whole names there."""


def without_ending(name: str) -> str:
    """What the files of one picture are called, without their own endings: `a/b` of `a/b.jpg`."""
    return str(PurePosixPath(name).with_suffix(""))


def one_by_one(answers: Iterable[Answered]) -> Iterator[tuple[str, Answered]]:
    """Each answer after the name of its files without ending.

    Raises:
        DataError: two pictures differ in nothing but their endings or their case.
    """
    owners: dict[str, str] = {}
    for one in answers:
        stem = without_ending(one.name)
        owner = owners.get(stem.casefold())
        if owner is not None:
            raise DataError(f"{owner} and {one.name} would share a file; rename one of them")
        owners[stem.casefold()] = one.name
        yield stem, one
