"""Class numbers of another folder are brought to those of the model, by their names."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from vitral.core import IGNORE, DataError
from vitral.data import ArrayPixels, Masks, Objects, PictureSet
from vitral.train.classes_of import with_classes_of


class Numbered(Masks):
    """A mask of the numbers 0, 1, 2 and 255."""

    def read(self, row: int):
        return np.asarray([[0, 1, 2, 255]], np.uint8)


def pictures(**changed) -> PictureSet:
    boxes = np.asarray([[0, 0, 1, 1], [1, 1, 2, 2], [0, 0, 2, 2]], float)
    made = PictureSet(
        name="other",
        keys=("a", "b"),
        source=ArrayPixels(np.zeros((2, 2, 4, 3), np.uint8)),
        classes=("cat", "cow", "dog"),
        labels=np.asarray([2, 1]),
        masks=Numbered(),
        mask_classes=("sky", "road", "tree"),
        objects=Objects(starts=np.asarray([0, 2, 3]), boxes=boxes, labels=np.asarray([1, 2, 0])),
    )
    return replace(made, **changed)


def model(needs: str, *classes: str) -> Any:
    task = SimpleNamespace(needs=needs, class_names=lambda facts: classes)
    return SimpleNamespace(task=task, facts=None)


def test_masks_get_the_numbers_of_the_model_and_what_it_does_not_know_is_not_counted():
    found, left_out = with_classes_of(model("mask", "tree", "sky"), pictures())
    assert found.masks is not None
    assert found.masks.read(0).tolist() == [[1, 255, 0, 255]]
    assert found.mask_classes == ("tree", "sky")
    assert left_out == ()


def test_objects_of_unknown_classes_are_dropped_and_the_others_renumbered():
    found, _ = with_classes_of(model("objects", "dog", "cat"), pictures())
    assert found.objects is not None
    assert [found.objects.of(row).labels.tolist() for row in (0, 1)] == [[0], [1]]
    assert found.objects.of(0).boxes.tolist() == [[1, 1, 2, 2]]
    assert found.classes == ("dog", "cat")


def test_labels_are_renumbered_and_pictures_of_unknown_classes_are_left_out():
    found, left_out = with_classes_of(model("label", "dog"), pictures())
    assert found.keys == ("a",)
    assert found.labels.tolist() == [0]
    assert [str(one) for one in left_out] == ["b: its class is not one of the model's"]


def test_a_model_that_needs_nothing_keeps_pictures_of_unknown_classes():
    found, left_out = with_classes_of(model("nothing", "dog"), pictures())
    assert found.labels.tolist() == [0, IGNORE]
    assert left_out == ()
    same = pictures()
    assert with_classes_of(model("nothing"), same)[0] is same


@pytest.mark.parametrize(
    ("needs", "changed", "told"),
    [
        ("mask", {"masks": None}, "has no masks to judge a segmentation by"),
        ("objects", {"objects": None}, "has no marked objects to judge a detection by"),
        ("mask", {}, r"has none of the model's classes \(moon ...\), but sky, road, tree"),
        ("objects", {}, r"has none of the model's classes \(moon ...\), but cat, cow, dog"),
        ("label", {}, r"has none of the model's classes \(moon ...\), but cat, cow, dog"),
    ],
)
def test_what_cannot_be_judged_is_refused(needs, changed, told):
    with pytest.raises(DataError, match=told):
        with_classes_of(model(needs, "moon"), pictures(**changed))
