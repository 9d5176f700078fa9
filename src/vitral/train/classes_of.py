"""Pictures of another folder, with the class numbers that a model gave the same names."""

import dataclasses

import numpy as np
from jaxtyping import Int, UInt8
from numpy.typing import NDArray

from vitral.core import IGNORE, DataError
from vitral.data import Broken, Masks, Objects, PictureSet
from vitral.saved import Model

_UNKNOWN = 255


def with_classes_of(model: Model, pictures: PictureSet) -> tuple[PictureSet, tuple[Broken, ...]]:
    """The pictures with the model's class numbers, and those that cannot be judged by it.

    Objects and pixels of classes the model does not know are not counted. A model that needs
    nothing to be told and learned without classes takes the pictures as they are.

    Raises:
        DataError: the pictures lack what the model is judged by, or no class is in common.
    """
    needs, classes = model.task.needs, model.task.class_names(model.facts)
    if needs == "mask":
        return _masks_renamed(pictures, classes), ()
    if needs == "objects":
        return _objects_renamed(pictures, classes), ()
    if needs == "nothing" and not classes:
        return pictures, ()
    renamed = _labels_renamed(pictures, classes)
    return _with_labels(renamed, pictures) if needs == "label" else (renamed, ())


class RenumberedMasks(Masks):
    """Masks whose numbers are replaced, one by one."""

    def __init__(self, masks: Masks, numbers: UInt8[NDArray[np.uint8], " n=256"]) -> None:
        self._masks, self._numbers = masks, numbers

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w"]:
        """The mask of one picture; see `Masks.read`."""
        return self._numbers[self._masks.read(row)]


def _numbers(names: tuple[str, ...], classes: tuple[str, ...], missing: int) -> Int[NDArray[np.int64], " n"]:
    known = {name: number for number, name in enumerate(classes)}
    return np.asarray([known.get(name, missing) for name in names], dtype=np.int64)


def _labels_renamed(pictures: PictureSet, classes: tuple[str, ...]) -> PictureSet:
    new = _numbers(pictures.classes or ("",), classes, IGNORE)
    labels = np.where(pictures.labels == IGNORE, IGNORE, new[np.maximum(pictures.labels, 0) % len(new)])
    return dataclasses.replace(pictures, labels=labels, classes=classes, objects=None)


def _with_labels(renamed: PictureSet, before: PictureSet) -> tuple[PictureSet, tuple[Broken, ...]]:
    if not (renamed.labels != IGNORE).any():
        raise _nothing_in_common(before, renamed.classes, before.classes)
    known_class = before.labels != IGNORE
    left_out = tuple(
        Broken(
            key=before.keys[i],
            reason="its class is not one of the model's" if known_class[i] else "has no class",
        )
        for i in np.flatnonzero(renamed.labels == IGNORE)
    )
    return renamed.subset(np.flatnonzero(renamed.labels != IGNORE)), left_out


def _masks_renamed(pictures: PictureSet, classes: tuple[str, ...]) -> PictureSet:
    if pictures.masks is None:
        raise DataError(f"{pictures.name}: has no masks to judge a segmentation by")
    if pictures.mask_classes == classes:
        return pictures
    new = _numbers(pictures.mask_classes, classes, _UNKNOWN)
    if (new == _UNKNOWN).all():
        raise _nothing_in_common(pictures, classes, pictures.mask_classes)
    table = np.full(256, _UNKNOWN, dtype=np.uint8)
    table[: len(new)] = new
    masks = RenumberedMasks(pictures.masks, table)
    return dataclasses.replace(pictures, masks=masks, mask_classes=classes)


def _objects_renamed(pictures: PictureSet, classes: tuple[str, ...]) -> PictureSet:
    objects = pictures.objects
    if objects is None:
        raise DataError(f"{pictures.name}: has no marked objects to judge a detection by")
    if pictures.classes == classes:
        return pictures
    new = _numbers(pictures.classes, classes, IGNORE)
    if (new == IGNORE).all():
        raise _nothing_in_common(pictures, classes, pictures.classes)
    labels = new[objects.labels]
    known = labels != IGNORE
    before = np.concatenate([[0], np.cumsum(known)])
    kept = Objects(
        starts=before[objects.starts],
        boxes=objects.boxes[known],
        labels=labels[known],
        crowd=objects.crowd[known],
        points=None if objects.points is None else objects.points[known],
        outlines=None
        if objects.outlines is None
        else [ring for ring, kept in zip(objects.outlines, known.tolist(), strict=True) if kept],
    )
    labels = np.full(len(pictures), IGNORE)
    return dataclasses.replace(pictures, objects=kept, classes=classes, labels=labels)


def _nothing_in_common(pictures: PictureSet, classes: tuple[str, ...], found: tuple[str, ...]) -> DataError:
    got = ", ".join(found[:8]) or "no classes"
    return DataError(
        f"{pictures.name}: has none of the model's classes ({', '.join(classes[:8])} ...), but {got}"
    )
