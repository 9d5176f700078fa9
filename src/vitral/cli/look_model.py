"""`vitral look FOLDER --model M`: how unusual each picture is to a trained model."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitral.core import ImageError, Picture
from vitral.data import Broken, PictureSet, shrunk
from vitral.saved import Model
from vitral.tasks import TellsStrangeness
from vitral.train import use_threads

_SHOWN = 24
_AT_ONCE, _AT_ONCE_PX = 32, 2**22
_SIDE_PX = 224


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """What a model finds unusual.

    Args:
        model: the model file or run folder.
        task: what it was trained for.
        unit: what the scores count.
        scores: of every picture that can be read, by its key, the strangest first.
        broken: the pictures that cannot be read.
        pictures: the strangest, and then the most ordinary ones.
    """

    model: str
    task: str
    unit: str
    scores: dict[str, float]
    broken: tuple[Broken, ...]
    pictures: list[Picture]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        named = {"model": self.model, "task": self.task, "unit": self.unit}
        return named | {"scores": self.scores, "skipped": [str(one) for one in self.broken]}


def judged(
    model: Model,
    place: Path,
    pictures: PictureSet,
    *,
    threads: int,
    progress: Callable[[int, int], None] | None = None,
) -> Judged:
    """Ask a model how unusual each picture of a set is.

    Args:
        model: of a task that tells strangeness.
        place: where it came from, for the words.
        pictures: to judge; broken ones are named and counted.
        threads: processor threads.
        progress: called with (pictures judged, pictures in total).
    """
    assert isinstance(model.task, TellsStrangeness)
    use_threads(threads)
    broken: list[Broken] = []
    found: list[tuple[int, float]] = []
    for group in _groups(pictures, model.task.short_side_px(), broken):
        scores = model.task.strangeness(model.module, [pixels for _, pixels in group])
        found += [(index, score) for (index, _), score in zip(group, scores, strict=True)]
        if progress is not None:
            progress(len(found) + len(broken), len(pictures))
    found.sort(key=lambda one: (-one[1], pictures.keys[one[0]]))
    return Judged(
        model=str(place),
        task=str(model.task.kind),
        unit=model.task.strangeness_unit,
        scores={pictures.keys[index]: score for index, score in found},
        broken=tuple(broken),
        pictures=_gallery(pictures, found),
    )


def _groups(
    pictures: PictureSet, side: int | None, broken: list[Broken]
) -> Iterator[list[tuple[int, NDArray[np.uint8]]]]:
    """Decoded pictures with their numbers, few enough at a time to lie in memory."""
    group: list[tuple[int, NDArray[np.uint8]]] = []
    area = 0
    for index in range(len(pictures)):
        try:
            pixels = shrunk(np.ascontiguousarray(pictures.pixels(index)), side)
        except ImageError as error:
            broken.append(Broken.of(pictures.keys[index], error))
            continue
        group.append((index, pixels))
        area += pixels.shape[0] * pixels.shape[1]
        if len(group) == _AT_ONCE or area >= _AT_ONCE_PX:
            yield group
            group, area = [], 0
    if group:
        yield group


def _gallery(pictures: PictureSet, found: list[tuple[int, float]]) -> list[Picture]:
    """The ends of the ranking: at most 24 each, and never one picture in both."""
    strange = found[: min(_SHOWN, -(-len(found) // 2))]
    ordinary = found[len(strange) :][::-1][:_SHOWN]
    shown: list[Picture] = []
    for group, ends in (("The strangest first", strange), ("The most ordinary first", ordinary)):
        for index, score in ends:
            label = int(pictures.labels[index])
            name = pictures.keys[index].rpartition("/")[2]
            note = f"{pictures.classes[label]}, {name}" if label >= 0 else name
            shown.append(
                Picture(
                    pixels=shrunk(pictures.pixels(index), _SIDE_PX),
                    title=f"{score:.4g}",
                    note=note,
                    group=group,
                    weight=score,
                )
            )
    return shown
