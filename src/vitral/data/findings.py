"""`Findings`: what a look at a set of pictures found, as a value."""

from dataclasses import dataclass, field
from typing import Any

from vitral.data.histogram import Histogram
from vitral.data.scan import Broken


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Pictures that are the same, or nearly.

    Args:
        exact: True when all are equal in every pixel.
        keys: the pictures.
        splits: the split of each, "" for none.
        classes: the class of each, "" for none.
    """

    exact: bool
    keys: tuple[str, ...]
    splits: tuple[str, ...]
    classes: tuple[str, ...]

    @property
    def leaks(self) -> bool:
        """Whether they lie in different splits, so that a model is judged on what it has seen."""
        return len(set(self.splits) - {""}) > 1

    @property
    def disagrees(self) -> bool:
        """Whether they carry different labels, so that at least one of them is wrong."""
        return len(set(self.classes) - {""}) > 1


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a look at a set of pictures found.

    Args:
        name: name of the set.
        found: the set in one line.
        notes: warnings for a person.
        pictures: how many there are, with the broken ones.
        counts: class -> split -> pictures, with the broken ones; "" is no class, or no split. Without
            the classes that only objects have.
        objects: class -> split -> objects, in broken pictures too; empty without marked objects.
        formats: file format -> pictures; "pixels" for those that are none.
        height_px: smallest, lower median and largest height, upright.
        width_px: the same for the width.
        sizes: the most frequent (height, width) with their pictures, at most ten.
        mean: of red, green and blue over all pixels, on [0, 1].
        std: population standard deviation of the same, on [0, 0.5].
        histogram: how many pixels have each level of red, green and blue.
        broken: what cannot be decoded, and why.
        blank: pictures of one even color.
        alike: groups of equal or nearly equal pictures: leaking, disagreeing, exact ones first.
    """

    name: str
    found: str
    notes: tuple[str, ...]
    pictures: int
    counts: dict[str, dict[str, int]]
    objects: dict[str, dict[str, int]]
    formats: dict[str, int]
    height_px: tuple[int, int, int]
    width_px: tuple[int, int, int]
    sizes: tuple[tuple[tuple[int, int], int], ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    histogram: Histogram = field(repr=False)
    broken: tuple[Broken, ...] = field(repr=False)
    blank: tuple[str, ...] = field(repr=False)
    alike: tuple[Alike, ...] = field(repr=False)

    @property
    def leaks(self) -> tuple[Alike, ...]:
        """The groups that lie in different splits."""
        return tuple(group for group in self.alike if group.leaks)

    @property
    def disagreements(self) -> tuple[Alike, ...]:
        """The groups that carry different labels."""
        return tuple(group for group in self.alike if group.disagrees)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        plain = {
            name: value
            for name, value in vars(self).items()
            if name not in ("broken", "alike", "sizes", "histogram")
        }
        return plain | {
            "histogram": self.histogram.to_json(),
            "sizes": [{"height": h, "width": w, "pictures": n} for (h, w), n in self.sizes],
            "broken": [vars(one) for one in self.broken],
            "alike": [
                {
                    "kind": "exact" if group.exact else "near",
                    "leaks": group.leaks,
                    "disagrees": group.disagrees,
                    "pictures": [
                        {"key": key, "split": split, "class": name}
                        for key, split, name in zip(group.keys, group.splits, group.classes, strict=True)
                    ],
                }
                for group in self.alike
            ],
        }
