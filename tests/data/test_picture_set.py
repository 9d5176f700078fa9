"""PictureSet: parts that fit together, and subsets that keep what belongs to each picture."""

from typing import Any

import numpy as np
import pytest

from vitral.core import IGNORE, DataError
from vitral.data import PictureSet
from vitral.data.pixels import ArrayPixels

ARRAY = np.arange(4 * 2 * 2 * 3, dtype=np.uint8).reshape(4, 2, 2, 3)


def pictures(**changes: Any) -> PictureSet:
    parts: dict[str, Any] = {
        "name": "four",
        "keys": ("a", "b", "c", "d"),
        "source": ArrayPixels(ARRAY),
        "classes": ("cat", "dog"),
        "labels": [0, 1, IGNORE, 1],
        "splits": ["train", "train", "val", ""],
        "split_by": "folders",
    }
    return PictureSet(**parts | changes)


def test_a_subset_keeps_what_belongs_to_each_picture() -> None:
    some = pictures().subset([3, 1]).subset([1])
    assert some.keys == ("b",)
    assert some.labels.tolist() == [1]
    assert np.array_equal(some.pixels(0), ARRAY[1])
    assert some.array is not None
    assert np.array_equal(some.array[some.rows], ARRAY[[1]])


def test_a_split_holds_its_pictures_and_may_be_empty() -> None:
    assert pictures().of_split("train").keys == ("a", "b")
    assert len(pictures().of_split("test")) == 0


def test_found_is_one_line_for_a_person() -> None:
    assert pictures().found == "pictures, 4 pictures, 2 classes, split train 2 / val 1"
    assert pictures().subset([2]).found == "pictures, 1 picture, 2 classes, split val 1"


def test_labels_and_splits_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        pictures().labels[0] = 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": [0, 1]}, r"PictureSet\.labels: must have one entry for each of the 4 keys"),
        ({"labels": [0, 1, 2, 0]}, r"PictureSet\.labels: must lie in \[0, 1\]"),
        ({"keys": ("a", "b", "a", "d")}, r"PictureSet\.keys: must all differ, got 'a' twice"),
        ({"classes": ("cat", "cat")}, r"PictureSet\.classes: must all differ, got 'cat' twice"),
        ({"splits": ["train", "x", "", ""]}, r"PictureSet\.splits: must be train, val, test"),
        ({"split_by": "dice"}, r"PictureSet\.split_by: must be one of folders, hash, table, none"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        pictures(**changes)


def test_a_wrong_split_or_number_is_refused() -> None:
    with pytest.raises(DataError, match="got 'trian'; did you mean 'train'"):
        pictures().of_split("trian")
    with pytest.raises(DataError, match=r"must lie in \[0, 3\], got 1 to 4"):
        pictures().subset([1, 4])
