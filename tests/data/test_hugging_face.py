"""Source hugging-face: datasets of that package, and anything with the same surface."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from PIL import Image as PilImage

from vitral.core import IGNORE, DataError, ImageError
from vitral.data import decode, open_pictures


@dataclass
class Image:
    """The feature of a column of pictures."""

    decode: bool = True


@dataclass
class ClassLabel:
    """The feature of a column of classes."""

    names: list[str]


@dataclass
class Value:
    """The feature of a column of plain values."""

    dtype: str = "int64"


@dataclass
class Sequence:
    """The feature of a column of lists."""

    feature: Any


class Rows:
    """A table with the surface of `datasets.Dataset`, as far as it is used."""

    def __init__(self, features: dict[str, Any], **columns: list[Any]) -> None:
        self.features, self.columns = features, columns

    @property
    def column_names(self) -> list[str]:
        return list(self.columns)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    def __getitem__(self, key: int | str) -> Any:
        if isinstance(key, str):
            return [self._out(key, value) for value in self.columns[key]]
        return {name: self._out(name, values[key]) for name, values in self.columns.items()}

    def cast_column(self, name: str, feature: Any) -> "Rows":
        return Rows(self.features | {name: feature}, **self.columns)

    def _out(self, name: str, value: Any) -> Any:
        if getattr(self.features[name], "decode", False):
            return PilImage.open(io.BytesIO(value["bytes"]))
        return value


def stored(seed: int) -> dict[str, Any]:
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    PilImage.fromarray(noise).save(file, "PNG")
    return {"bytes": file.getvalue(), "path": None}


def cats(*labels: int) -> Rows:
    features = {"label": ClassLabel(["cat", "dog", "elk"]), "image": Image(), "other": Image()}
    images = [stored(i) for i in range(len(labels))]
    return Rows(features, label=list(labels), image=images, other=images)


def test_pictures_and_class_names_are_taken() -> None:
    dataset = cats(1, 0, -1)
    pictures = open_pictures(dataset)
    assert pictures.classes == ("cat", "dog", "elk")
    assert pictures.labels.tolist() == [1, 0, IGNORE]
    assert pictures.found.startswith("Hugging Face Rows, 3 pictures, 3 classes")
    assert pictures.source.encoded(1) == stored(1)["bytes"], "nothing is decoded and encoded again"
    assert np.array_equal(pictures.pixels(1), decode(stored(1)["bytes"]))
    assert pictures.undecoded(2).shape == (6, 8, 3)


def test_a_dataset_that_cannot_leave_files_as_they_are_gives_its_pictures() -> None:
    class Plain(Rows):
        cast_column = None  # pyright: ignore[reportAssignmentType]

    rows = cats(1, 0)
    pictures = open_pictures(Plain(rows.features, **rows.columns))
    assert pictures.source.encoded(1) is None
    assert np.array_equal(pictures.pixels(1), decode(stored(1)["bytes"]))
    assert pictures.undecoded(1).shape == (6, 8, 3)


def test_the_splits_of_a_dictionary_are_taken() -> None:
    pictures = open_pictures({"train": cats(0, 1), "validation": cats(2), "test": cats(0)})
    assert pictures.keys == ("train/0000000", "train/0000001", "validation/0000000", "test/0000000")
    assert pictures.splits.tolist() == ["train", "train", "val", "test"]
    assert pictures.split_by == "folders"
    assert np.array_equal(pictures.pixels(2), decode(stored(0)["bytes"]))
    assert open_pictures({"a": cats(0, 1), "b": cats(1)}).split_by == "hash"


@pytest.mark.parametrize("form", ["structure of lists", "list of structures"])
def test_objects_are_taken(form: str) -> None:
    inner = {"bbox": Sequence(Value()), "category": ClassLabel(["ear", "tail"])}
    if form == "structure of lists":
        feature: Any = Sequence(inner)
        values: list[Any] = [
            {"bbox": [[1, 2, 3, 4], [0, 0, 1, 1]], "category": [1, 0]},
            {"bbox": [], "category": []},
        ]
    else:
        feature = [inner]
        values = [[{"bbox": [1, 2, 3, 4], "category": 1}, {"bbox": [0, 0, 1, 1], "category": 0}], []]
    rows = Rows({"image": Image(), "objects": feature}, image=[stored(0), stored(1)], objects=values)
    pictures = open_pictures(rows)
    assert pictures.classes == ("ear", "tail")
    assert pictures.objects is not None
    assert pictures.objects.starts.tolist() == [0, 2, 2]
    assert pictures.objects.boxes.tolist() == [[1, 2, 4, 6], [0, 0, 1, 1]]
    assert pictures.objects.labels.tolist() == [1, 0]


def test_labels_without_names_are_numbers_or_words() -> None:
    words = Rows({"image": Image(), "label": Value("string")}, image=[stored(0), stored(1)], label=["b", "a"])
    assert open_pictures(words).classes == ("a", "b")
    numbers = Rows({"image": Image(), "label": Value()}, image=[stored(0), stored(1)], label=[2, None])
    assert open_pictures(numbers).classes == ("0", "1", "2")
    assert open_pictures(Rows({"image": Image()}, image=[stored(0)])).classes == ()


def box(value: Any) -> Rows:
    feature = {"bbox": Value(), "category": Value()}
    return Rows({"image": Image(), "objects": feature}, image=[stored(0)], objects=[value])


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (Rows({"image": Image()}), "Rows: is empty"),
        (Rows({"x": Value()}, x=[1]), r"Rows: must have a column of the type Image, got x \(Value\)"),
        (cats(3), r"a class number must lie in \[0, 2\], got 3"),
        ({"train": cats(0), "test": Rows({"x": Value()}, x=[1])}, "every split must have the column 'image'"),
        (box({"bbox": [[1, 2, -3, 4]], "category": [0]}), "not turned inside out"),
        (box({"bbox": [[1, 2, 3]], "category": [0]}), "a box must be four numbers x y width height"),
        (
            box({"bbox": [[1, 2, 3, 4]], "category": [0, 1]}),
            "must have one label for each of its boxes, got 2",
        ),
        (box({"category": [0, 1]}), "objects must have a `bbox`"),
    ],
)
def test_what_is_wrong_in_a_dataset_is_one_clear_error(dataset: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        open_pictures(dataset)


def test_a_stream_is_refused() -> None:
    class Stream:
        features, column_names = {"image": Image()}, ["image"]

    with pytest.raises(
        DataError, match="Stream: is a stream without a length; load it without streaming=True"
    ):
        open_pictures(Stream())


def test_a_broken_picture_is_named_when_it_is_read() -> None:
    broken = [
        {"bytes": b"x", "path": None},
        {"bytes": None, "path": "/no/such.png"},
        {"bytes": None, "path": None},
    ]
    pictures = open_pictures(Rows({"image": Image()}, image=broken))
    with pytest.raises(ImageError, match=r"^0000000: "):
        pictures.pixels(0)
    with pytest.raises(ImageError, match=r"^0000001: does not exist"):
        pictures.pixels(1)
    with pytest.raises(ImageError, match=r"^0000002: does not exist"):
        pictures.pixels(2)


def test_the_real_package_is_understood() -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=["cat", "dog"]),
            "objects": [
                {"bbox": datasets.Sequence(datasets.Value("float32"), 4), "category": datasets.Value("int64")}
            ],
        }
    )
    rows = {
        "image": [stored(0), stored(1)],
        "label": [1, 0],
        "objects": [[{"bbox": [1, 2, 3, 4], "category": 0}], []],
    }
    part = datasets.Dataset.from_dict(rows, features=features)
    pictures = open_pictures(datasets.DatasetDict({"train": part.with_format("torch"), "test": part}))
    assert pictures.splits.tolist() == ["train", "train", "test", "test"]
    assert pictures.classes == ("cat", "dog", "0")
    assert pictures.labels.tolist() == [1, 0, 1, 0]
    assert pictures.source.encoded(3) == stored(1)["bytes"]
    assert pictures.objects is not None
    assert pictures.objects.boxes.tolist() == [[1, 2, 4, 6], [1, 2, 4, 6]]
