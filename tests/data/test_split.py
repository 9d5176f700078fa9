"""split: a hash of the name decides, and adding pictures moves no other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitral.data.split import carve_validation, hash_split, split_folders, unit_hash

KEYS = [f"{'abc'[i % 3]}/{i:04}.jpg" for i in range(3000)]
LABELS = np.arange(3000) % 3


def test_the_hash_of_a_name_never_changes() -> None:
    assert unit_hash("cat/1.jpg") == 0.8203264320468868


def test_a_name_has_one_hash_in_both_unicode_forms() -> None:
    assert unit_hash("caf\u00e9.jpg") == unit_hash("cafe\u0301.jpg")


def test_a_name_that_is_no_utf_8_has_a_hash() -> None:
    assert 0 <= unit_hash("\udcff.jpg") < 1


def test_shares_come_out_within_sampling_error() -> None:
    splits = hash_split(KEYS, LABELS, validation=0.2, test=0.1)
    assert (splits == "val").mean() == pytest.approx(0.2, abs=0.03)
    assert (splits == "test").mean() == pytest.approx(0.1, abs=0.03)
    for label in range(3):
        assert (splits[label == LABELS] == "val").mean() == pytest.approx(0.2, abs=0.05)


@given(st.integers(100, 2999))
def test_adding_pictures_moves_no_other(count: int) -> None:
    few = hash_split(KEYS[:count], LABELS[:count], validation=0.1, test=0.1)
    assert np.array_equal(few, hash_split(KEYS, LABELS, validation=0.1, test=0.1)[:count])


@given(st.lists(st.text(max_size=8), min_size=1, max_size=12, unique=True), st.integers(1, 4))
def test_every_class_keeps_a_picture_in_train_and_val_is_not_empty(keys: list[str], classes: int) -> None:
    labels = np.arange(len(keys)) % classes
    splits = hash_split(keys, labels, validation=0.1, test=0.3)
    for label in np.unique(labels):
        assert (splits[labels == label] == "train").any()
    if np.bincount(labels).max() >= 2:
        assert (splits == "val").any()


def test_without_shares_everything_is_train() -> None:
    assert set(hash_split(KEYS, LABELS, validation=0.0, test=0.0)) == {"train"}


def test_validation_is_carved_from_train_only_when_there_is_none() -> None:
    given_splits = np.where(np.arange(3000) < 2000, "train", "test").astype("<U5")
    carved = carve_validation(KEYS, LABELS, given_splits, share=0.1)
    assert (carved == "val").sum() / 2000 == pytest.approx(0.05, abs=0.02)
    assert (carved == "test").sum() == 1000
    assert carve_validation(KEYS, LABELS, carved, share=0.1) is carved
    assert carve_validation(KEYS, LABELS, given_splits, share=0.0) is given_splits


@pytest.mark.parametrize(
    ("folders", "found"),
    [
        (["train", "test"], {"train": "train", "test": "test"}),
        (["Train", "VALID"], {"Train": "train", "VALID": "val"}),
        (["train", "validation", "extra"], {"train": "train", "validation": "val"}),
        (["val", "test"], {"val": "val", "test": "test"}),
        (["test", "cat"], None),
        (["cat", "dog"], None),
        ([], None),
    ],
)
def test_split_folders_are_known_by_name(folders: list[str], found: dict[str, str] | None) -> None:
    assert split_folders(folders) == found
