"""`evaluate`: judge a saved model on pictures it has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitral.core import OptionError
from vitral.data import Broken, Loader, PictureSet, open_pictures, scan
from vitral.saved import Model
from vitral.tasks import GivesPictures
from vitral.tasks.task import Metrics
from vitral.train.classes_of import with_classes_of
from vitral.train.folder import picture_digest
from vitral.train.needed import needed
from vitral.train.setup import Reading, use_threads

# Few, because some tasks write dozens of files for each picture, and a person watches; fewer of
# whole pictures, which are answered one by one and of which several batches are in memory.
_AT_ONCE, _WHOLE_AT_ONCE = 32, 4
# Keeping large pictures saves a second decoding, which takes little beside an answer.
_WHOLE_KEPT_BYTES = 2**28


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """The figures of a model on some pictures.

    Args:
        figures: the task's figures by name.
        pictures: the judged pictures, shrunk as for training.
        split: which part of the folder was judged: `test`, `val`, `train` or `all`.
        skipped: pictures that could not be judged: broken, or of a class the model does not know.
    """

    figures: dict[str, Any]
    pictures: PictureSet = field(repr=False)
    split: str
    skipped: tuple[Broken, ...]


def pictures_for(model: Model, place: str) -> PictureSet:
    """Open a place for evaluation.

    The pictures a model was trained on are recognized by their digest, wherever they and the
    model file lie now, and split as they were then; any other unsplit folder is taken whole.
    """
    split = model.record.get("split", {})
    if isinstance(split, dict) and split.get("pictures"):
        validation, test = split.get("validation"), split.get("test")
        if isinstance(validation, float) and isinstance(test, float):
            again = open_pictures(place, validation=validation, test=test)
            if picture_digest(again) == split["pictures"]:
                return again
    return open_pictures(place, validation=0.0, test=0.0)


def evaluate(
    model: Model,
    pictures: PictureSet,
    *,
    split: str | None = None,
    threads: int | None = None,
    reading: Reading | None = None,
    judging: Reading | None = None,
    judge: Model | None = None,
) -> Evaluated:
    """Judge a model.

    Args:
        model: a loaded model.
        pictures: with labels of the same names as the model's classes; their order may differ.
        split: `train`, `val`, `test` or `all`; left out, the test split, or all when there is none.
        threads: processor threads; None for all.
        reading: called with (read, total) while the pictures are read.
        judging: called with (judged, total) while they are judged.
        judge: a classifier that is asked about the answers, where these are pictures.
    Raises:
        DataError: no picture to judge, or no class in common.
        OptionError: the set has no such split, or nothing that the judge could be asked about.
    """
    use_threads(threads)
    whole = model.task.answered_side_px() is None
    at_once = _WHOLE_AT_ONCE if whole else _AT_ONCE
    used, part = _part(pictures, split)
    part, unknown = with_classes_of(model, needed(model.task, part))
    found = scan(
        part,
        short_side=model.task.answered_side_px(),
        threads=torch.get_num_threads(),
        memory_bytes=_WHOLE_KEPT_BYTES if whole else None,
        progress=reading,
    )
    metrics = _metrics(model, judge, part)
    loader = Loader(
        found.pictures,
        batch_size=at_once,
        workers=torch.get_num_threads(),
        transform=model.task.judged(model.facts),
    )
    device = next(model.module.parameters()).device
    model.module.eval()
    with torch.inference_mode():
        for number, batch in enumerate(loader, start=1):
            metrics.update(model.module, batch.to(device))
            if judging is not None:
                judging(min(number * at_once, len(found.pictures)), len(found.pictures))
    return Evaluated(
        figures=metrics.result(), pictures=found.pictures, split=used, skipped=(*found.broken, *unknown)
    )


def _part(pictures: PictureSet, split: str | None) -> tuple[str, PictureSet]:
    present = {name for name in pictures.splits.tolist() if name}
    used = split or ("test" if "test" in present else "all")
    if used == "all":
        return used, pictures
    if used not in present:
        known = ", ".join(sorted(present)) or "no splits"
        raise OptionError(f"--split: {pictures.name} has {known}, got {used!r}")
    return used, pictures.of_split(used)


def _metrics(model: Model, judge: Model | None, pictures: PictureSet) -> Metrics:
    if judge is None:
        return model.task.judges(model.module)
    if not isinstance(model.task, GivesPictures):
        raise OptionError(
            f"--judge: must go with a task whose answers are pictures, got a model of {model.task.kind!r}"
        )
    known = judge.task.class_names(judge.facts)
    if judge.task.needs != "label" or not set(known) & set(pictures.classes):
        raise OptionError(
            f"--judge: must be a classifier of the pictures' classes ({', '.join(pictures.classes[:8])}), "
            f"got a model of {judge.task.kind!r} with {', '.join(known[:8]) or 'no classes'}"
        )

    def recognize(some: Sequence[NDArray[np.uint8]]) -> list[str]:
        return [answer.label for answer in judge.predict(list(some))]

    return model.task.recognized(model.module, recognize, pictures.classes)
