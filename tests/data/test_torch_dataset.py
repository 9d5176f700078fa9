"""Source torch: datasets of other people, whatever their pictures and labels are made of."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset

from vitral.core import IGNORE, DataError, ImageError
from vitral.data import open_pictures

NOISE = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)


class Pairs(Dataset[Any]):
    """A list as a Dataset, counting how often an item is asked for."""

    def __init__(self, *items: Any, **attributes: Any) -> None:
        self.items, self.asked = items, 0
        vars(self).update(attributes)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        self.asked += 1
        return self.items[index]


@pytest.mark.parametrize(
    "picture",
    [
        Image.fromarray(NOISE),
        NOISE,
        NOISE.astype(np.int64),
        NOISE / 255,
        torch.from_numpy(NOISE).permute(2, 0, 1),
        torch.from_numpy(NOISE).permute(2, 0, 1) / 255,
    ],
    ids=["pil", "array", "wide-array", "unit-array", "tensor", "unit-tensor"],
)
def test_every_kind_of_picture_gives_the_same_pixels(picture: Any) -> None:
    assert np.array_equal(open_pictures(Pairs((picture, 0))).pixels(0), NOISE)


@pytest.mark.parametrize("grey", [NOISE[:, :, 0], NOISE[:, :, :1], torch.from_numpy(NOISE[None, :, :, 0])])
def test_grey_pictures_are_replicated(grey: Any) -> None:
    expected = np.repeat(NOISE[:, :, :1], 3, axis=2)
    assert np.array_equal(open_pictures(Pairs((grey, 0))).pixels(0), expected)


def test_labels_come_from_the_items() -> None:
    pictures = open_pictures(Pairs((NOISE, 2), (NOISE, torch.tensor(0)), (NOISE, IGNORE)))
    assert pictures.labels.tolist() == [2, 0, IGNORE]
    assert pictures.classes == ("0", "1", "2")
    assert pictures.name == "pairs"
    assert pictures.found.startswith("torch dataset Pairs, 3 pictures, 3 classes")


def test_labels_that_a_dataset_keeps_are_read_without_its_pictures() -> None:
    dataset = Pairs((NOISE, 1), (NOISE, 0), (NOISE, 1), targets=[1, 0, 1], classes=["cat", "dog"])
    pictures = open_pictures(Subset(dataset, [2, 1]))
    assert pictures.labels.tolist() == [1, 0]
    assert pictures.classes == ("cat", "dog")
    assert dataset.asked == 0


def test_a_tensor_dataset_is_opened() -> None:
    dataset = TensorDataset(torch.zeros(4, 3, 2, 2), torch.tensor([0, 1, 0, 1]))
    assert open_pictures(dataset).labels.tolist() == [0, 1, 0, 1]
    assert open_pictures(TensorDataset(torch.zeros(4, 3, 2, 2))).classes == ()


def test_pictures_without_labels_are_opened() -> None:
    pictures = open_pictures(Pairs(NOISE, NOISE))
    assert set(pictures.labels) == {IGNORE}
    assert np.array_equal(pictures.pixels(1), NOISE)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (torch.randn(3, 9, 9) * 3, r"Pairs\[0\]: must have values in \[0, 1\], got .* before normalization"),
        (NOISE.astype(np.int64) + 300, r"Pairs\[0\]: must have values in \[0, 255\]"),
        (np.zeros((2, 2, 5)), r"Pairs\[0\]: must have the shape of a picture"),
        ("cat.jpg", r"Pairs\[0\]: must be a PIL picture, an array or a tensor, got str"),
    ],
)
def test_what_is_no_picture_is_named_when_it_is_read(picture: Any, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        open_pictures(Pairs((picture, 0))).pixels(0)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["cat"], "a label must be one whole number, got cat"),
        ([0.5], r"a label must be one whole number, got 0\.5"),
        ([[1, 2]], "a label must be one whole number"),
        ([-1], "a label must be at least 0"),
    ],
)
def test_labels_that_are_no_class_numbers_are_refused(labels: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        open_pictures(Pairs((NOISE, 0), targets=labels))


def test_too_few_class_names_and_an_empty_dataset_are_refused() -> None:
    with pytest.raises(DataError, match="must name 3 classes in `classes`, got 1"):
        open_pictures(Pairs((NOISE, 2), classes=["cat"]))
    with pytest.raises(DataError, match="Pairs: is empty"):
        open_pictures(Pairs())


def test_a_dataset_without_length_is_refused() -> None:
    class Stream(IterableDataset[Any]):
        def __iter__(self) -> Any:
            return iter(())

    with pytest.raises(DataError, match=r"Stream: must be .* a torch Dataset with a length"):
        open_pictures(Stream())


def test_items_may_be_dictionaries() -> None:
    pictures = open_pictures(Pairs({"image": NOISE, "label": 1}, {"image": NOISE, "label": 0}))
    assert pictures.labels.tolist() == [1, 0]
    assert np.array_equal(pictures.pixels(0), NOISE)
    assert set(open_pictures(Pairs({"img": NOISE})).labels) == {IGNORE}
    with pytest.raises(
        ImageError, match=r"Pairs\[0\]: must have a picture called image, .*, got photo, label"
    ):
        open_pictures(Pairs({"photo": NOISE, "label": 1})).pixels(0)


def test_datasets_one_after_another_are_opened() -> None:
    first = Pairs((NOISE, 1), (NOISE, 0), targets=[1, 0], classes=["cat", "dog"])
    second = Pairs((NOISE[:, ::-1], 1), targets=[1])
    pictures = open_pictures(ConcatDataset([first, Subset(second, [0])]))
    assert pictures.labels.tolist() == [1, 0, 1]
    assert pictures.classes == ("cat", "dog")
    assert first.asked == second.asked == 0
    assert np.array_equal(pictures.pixels(2), NOISE[:, ::-1])
    assert open_pictures(ConcatDataset([first, Pairs((NOISE, 0))])).labels.tolist() == [1, 0, 0]
