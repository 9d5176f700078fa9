"""`DataFacts`: what training must know of its pictures, a value that travels in the model file."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from vitral.core import DataError, FileFormatError, did_you_mean


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """Facts of a set of pictures, taken from its train split when it has one.

    Args:
        classes: class names in the order of their numbers; empty when there are no labels.
        counts: pictures of each class.
        pictures: pictures the facts were taken from, with a class or without.
        height_px: smallest, median and largest height of the files, in pixels; the median is
            the lower one of the two in the middle, so that it is the height of a real picture.
        width_px: the same for the width.
        mean: mean of the red, green and blue values over all pixels, on [0, 1].
        std: population standard deviation of the same values, on [0, 0.5].
        grey: True when red, green and blue are equal in every pixel of every picture.
    Raises:
        DataError: the values contradict each other or lie outside their range.
    """

    classes: tuple[str, ...]
    counts: tuple[int, ...]
    pictures: int
    height_px: tuple[int, int, int]
    width_px: tuple[int, int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    grey: bool

    def __post_init__(self) -> None:
        _must(len(self.counts) == len(self.classes), "counts", "must have one number per class", self.counts)
        _must(len(set(self.classes)) == len(self.classes), "classes", "must all differ", self.classes)
        _must(self.pictures >= 1, "pictures", "must be at least 1", self.pictures)
        _must(all(n >= 0 for n in self.counts), "counts", "must not be negative", self.counts)
        _must(
            sum(self.counts) <= self.pictures,
            "counts",
            f"must add up to at most {self.pictures}",
            self.counts,
        )
        for name in ("height_px", "width_px"):
            sizes = getattr(self, name)
            _must(
                len(sizes) == 3 and 1 <= sizes[0] <= sizes[1] <= sizes[2],
                name,
                "must be ordered and positive",
                sizes,
            )
        for name, high in (("mean", 1.0), ("std", 0.5)):
            values = getattr(self, name)
            # A little air above: a sum of many float64 may end one rounding step too high.
            inside = len(values) == 3 and all(0.0 <= v <= high + 1e-9 for v in values)
            _must(inside, name, f"must be three numbers in [0, {high:g}]", values)

    def to_json(self) -> dict[str, Any]:
        """The facts as plain JSON values; `from_json` gives equal facts back."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in vars(self).items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            FileFormatError: a name is unknown or missing, or a value has the wrong type.
            DataError: the values contradict each other or lie outside their range.
        """
        if not isinstance(data, Mapping):
            raise FileFormatError(f"DataFacts: must be an object of facts, got {data!r}")
        known = {field.name for field in dataclasses.fields(cls)}
        for name in data:
            if name not in known:
                raise FileFormatError(f"DataFacts: has no fact {name!r}{did_you_mean(name, known)}")
        missing = sorted(known - set(data))
        if missing:
            raise FileFormatError(f"DataFacts: must name all its facts, but {', '.join(missing)} is missing")
        return cls(
            classes=_row(data, "classes", str),
            counts=_row(data, "counts", int),
            pictures=_one(data["pictures"], "pictures", int),
            height_px=_row(data, "height_px", int),
            width_px=_row(data, "width_px", int),
            mean=_row(data, "mean", float),
            std=_row(data, "std", float),
            grey=_one(data["grey"], "grey", bool),
        )


def low_median(sizes: Iterable[int]) -> tuple[int, int, int]:
    """Smallest, lower median and largest of some sizes, at least one."""
    ordered = sorted(sizes)
    return ordered[0], ordered[(len(ordered) - 1) // 2], ordered[-1]


def _must(holds: bool, name: str, rule: str, came: object) -> None:
    if not holds:
        raise DataError(f"DataFacts.{name}: {rule}, got {came!r}")


def _row(data: Mapping[str, Any], name: str, kind: type) -> Any:
    values = data[name]
    if not isinstance(values, list | tuple):
        raise FileFormatError(f"DataFacts.{name}: must be a list, got {values!r}")
    return tuple(_one(value, name, kind) for value in values)


def _one(value: Any, name: str, kind: type) -> Any:
    if (
        kind is float
        and isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
    ):
        return float(value)
    fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if not fits or kind is float:
        words = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
        raise FileFormatError(f"DataFacts.{name}: must be {words[kind]}, got {value!r}")
    return value
