"""Source `hugging-face`: datasets of the package `datasets`, without needing that package."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import IGNORE, DataError, Undecoded
from vitral.data.decode import decode, read_file, told
from vitral.data.objects import Objects
from vitral.data.one_line import one_line
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import Pixels
from vitral.data.sources.class_notes import class_notes
from vitral.data.sources.label_words import label_space, ordered
from vitral.data.sources.object_lists import CORNER_AND_SIZE, ObjectLists, label_of, shown
from vitral.data.sources.source import Source
from vitral.data.sources.table_targets import structured
from vitral.data.sources.torch_dataset import item_pixels
from vitral.data.split import split_folders
from vitral.data.undecoded import Decoded, undecoded

_LABELS = ("label", "labels", "fine_label", "class", "target", "category")
_BOXES = ("bbox", "bboxes", "boxes")
_CATEGORIES = ("category", "categories", "label", "labels", "category_id")


@dataclass(frozen=True, kw_only=True)
class HuggingFace(Source, kind="hugging-face"):
    """A `datasets.Dataset` or `DatasetDict` with a column of pictures."""

    precedence: ClassVar[int] = 20

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        """Anything that tells its features and columns, or a dictionary of such things by split."""
        parts = list(place.values()) if isinstance(place, dict) else [place]
        return bool(parts) and all(hasattr(p, "features") and hasattr(p, "column_names") for p in parts)

    def open(self, place: Any) -> PictureSet:
        """Take the first column of pictures, the class labels, and what is marked in the pictures.

        The splits of a `DatasetDict` are taken when they are called train, validation and test.
        A column of objects with `bbox` (x y width height, in pixels) and `category` gives boxes.
        Files are left as they are stored where the dataset allows it, and decoded by Vitral.

        Raises:
            DataError: a dataset is empty, a stream, has no column of pictures, or a label or a box
                is none.
        """
        parts = {str(key): part for key, part in place.items()} if isinstance(place, dict) else {"": place}
        name = type(place).__name__
        for part in parts.values():
            if not hasattr(part, "__len__"):
                raise DataError(f"{name}: is a stream without a length; load it without streaming=True")
        parts = {key: _plain(part) for key, part in parts.items() if len(part)}
        if not parts:
            raise DataError(f"{name}: is empty; it must hold pictures")
        features = dict(next(iter(parts.values())).features or {})
        picture = _named(features, lambda feature: type(feature).__name__ == "Image")
        if picture is None:
            raise DataError(f"{name}: must have a column of the type Image, got {_columns(features)}")
        pixels = [_pictures_alone(part, picture, name) for part in parts.values()]
        keys = [f"{s}/{i:07d}" if s else f"{i:07d}" for s, part in parts.items() for i in range(len(part))]
        classes, labels, objects = _targets(list(parts.values()), features, keys, name)
        split_of = split_folders(set(parts)) if isinstance(place, dict) else None
        given = None if split_of is None else [split_of.get(key.partition("/")[0], "") for key in keys]
        splits, split_by = self.splits(keys, labels, given)
        return PictureSet(
            name=name.lower(),
            keys=tuple(keys),
            source=_RowPixels(pixels, picture, keys),
            classes=classes,
            labels=labels,
            splits=splits,
            origin=f"Hugging Face {name}",
            split_by=split_by,
            notes=tuple(class_notes(classes, labels, splits)) if objects is None else (),
            objects=objects,
        )


class _RowPixels(Pixels):
    """Pictures in one column of several datasets, one after another."""

    def __init__(self, parts: Sequence[Any], column: str, keys: Sequence[str]) -> None:
        self._parts, self._column, self._keys = parts, column, keys
        self._starts = np.cumsum([0, *map(len, parts)])

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        value = self._value(row)
        data = self._stored(row, value)
        if data is not None:
            return decode(data, name=self._keys[row])
        return told(self._keys[row], lambda: item_pixels(value))

    def undecoded(self, row: int) -> Undecoded:
        data = self.encoded(row)
        return Decoded(self.read(row)) if data is None else undecoded(data, name=self._keys[row])

    def encoded(self, row: int) -> bytes | None:
        return self._stored(row, self._value(row))

    def _value(self, row: int) -> Any:
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        inner = row - int(self._starts[number])
        # The dataset is someone else's code; whatever it raises names the picture.
        return told(self._keys[row], lambda: self._parts[number][inner][self._column])

    def _stored(self, row: int, value: Any) -> bytes | None:
        if isinstance(value, bytes):
            return value
        if not isinstance(value, Mapping):
            return None
        if value.get("bytes") is not None:
            return value["bytes"]
        return read_file(value.get("path") or "", name=self._keys[row])


def _plain(part: Any) -> Any:
    """The dataset without a format or transform of its own, which would change what comes out."""
    return part.with_format(None) if callable(getattr(part, "with_format", None)) else part


def _pictures_alone(part: Any, column: str, name: str) -> Any:
    """The dataset with its column of pictures alone, undecoded where it can do that."""
    if column not in part.column_names:
        raise DataError(f"{name}: every split must have the column {one_line(column)!r}")
    if callable(getattr(part, "select_columns", None)):
        part = part.select_columns([column])
    feature = part.features[column]
    if callable(getattr(part, "cast_column", None)) and dataclasses.is_dataclass(feature):
        with_files = dataclasses.replace(feature, decode=False)  # pyright: ignore[reportArgumentType]
        return part.cast_column(column, with_files)
    return part


def _targets(
    parts: Sequence[Any], features: dict[str, Any], keys: Sequence[str], name: str
) -> tuple[tuple[str, ...], NDArray[np.int64], Objects | None]:
    """Classes, the class of each picture, and what is marked."""
    column = _named(features, lambda feature: type(feature).__name__ == "ClassLabel")
    column = column or next((word for word in _LABELS if _is_value(features.get(word))), None)
    names = [] if column is None else _names(features[column])
    values: list[int | str | None] = [None] * len(keys)
    if column is not None:
        values = [
            _word(name, column, value, names) for part in parts for value in _column(part, column, name)
        ]
    marked = _named(features, lambda feature: any(box in _inside(feature) for box in _BOXES))
    lists, object_names = None, []
    if marked is not None:
        inside = _inside(features[marked])
        object_names = next((_names(inside[word]) for word in _CATEGORIES if word in inside), [])
        rows = [value for part in parts for value in _column(part, marked, name)]
        lists = _lists(name, keys, rows, object_names)
    said = [value for value in values if value is not None] + (lists.labels if lists else [])
    if names or object_names:
        rest = {str(value) for value in said} - {*names, *object_names}
        classes = tuple(dict.fromkeys([*names, *object_names, *ordered(rest)]))
        number: dict[int | str, int] = {word: k for k, word in enumerate(classes)}
        number |= {value: number[str(value)] for value in said}
    else:
        classes, number = label_space(said, name)
    labels = np.array([IGNORE if value is None else number[value] for value in values], dtype=np.int64)
    return classes, labels, None if lists is None else lists.objects(name, number)


def _lists(name: str, keys: Sequence[str], rows: Sequence[Any], names: list[str]) -> ObjectLists:
    lists = ObjectLists()
    for key, row in zip(keys, rows, strict=True):
        where = f"{name}[{key}]"
        boxes, labels = ([], None) if not row else structured(where, row)
        if isinstance(labels, list | tuple):
            labels = [_word(name, "objects", label, names) for label in labels]
        lists.add(where, boxes, labels, form=CORNER_AND_SIZE)
    return lists


def _word(name: str, column: str, value: Any, names: Sequence[str]) -> int | str | None:
    """A class as its name, or as the number it came as; None and -1 mean that there is none."""
    if value is None or value == -1:
        return None
    label = label_of(f"{name}: column {one_line(column)!r}", value)
    if not names or isinstance(label, str):
        return label
    if not 0 <= label < len(names):
        raise DataError(f"{name}: a class number must lie in [0, {len(names) - 1}], got {shown(value)}")
    return names[label]


def _column(part: Any, column: str, name: str) -> Iterable[Any]:
    if column not in part.column_names:
        raise DataError(f"{name}: every split must have the column {one_line(column)!r}")
    return list(part[column])


def _named(features: dict[str, Any], fits: Any) -> str | None:
    return next((name for name, feature in features.items() if fits(feature)), None)


def _is_value(feature: Any) -> bool:
    return type(feature).__name__ == "Value"


def _inside(feature: Any) -> dict[str, Any]:
    """The parts of a structure, or of a list of structures, in any way the package spells them."""
    feature = getattr(feature, "feature", feature)
    if isinstance(feature, list) and len(feature) == 1:
        feature = feature[0]
    return feature if isinstance(feature, dict) else {}


def _names(feature: Any) -> list[str]:
    feature = getattr(feature, "feature", feature)
    return [str(name) for name in getattr(feature, "names", None) or []]


def _columns(features: dict[str, Any]) -> str:
    return one_line(", ".join(f"{name} ({type(f).__name__})" for name, f in features.items())) or "none"
