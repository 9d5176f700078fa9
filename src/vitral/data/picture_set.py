"""`PictureSet`: which pictures there are, what is known of each, and where its pixels come from."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from vitral.core import IGNORE, DataError, Undecoded, did_you_mean
from vitral.data.crew import Crew
from vitral.data.objects import Objects
from vitral.data.one_line import one_line
from vitral.data.pixels import Masks, Pixels
from vitral.data.sample import Sample

SplitBy = Literal["folders", "hash", "table", "none"]
SPLITS = ("train", "val", "test")


@dataclass(frozen=True, kw_only=True, eq=False)
class PictureSet:
    """A set of pictures in a fixed order, each with a key, perhaps a class, perhaps a split.

    Args:
        name: a short name that may be part of a file name, for example "photos".
        keys: stable relative path of each picture with "/" separators: its identity.
        source: where the pixels come from.
        classes: class names in the order of their numbers, for pictures and for objects; empty
            when there are no labels.
        labels: class number of each picture, `core.IGNORE` where it has none; None: all without.
        splits: "train", "val", "test" or "" of each picture; None: all "".
        root: the folder the keys are relative to.
        origin: what was found, as the first words of `found`, for example "class folders".
        split_by: how the splits came about.
        notes: warnings for a person, one sentence each.
        place: what it was opened from, when that opens it again; a subset has none.
        shares: the shares for validation and test it was opened with.
        rows: row of each picture in `source`, `masks` and `objects`; None: the keys are in the
            order of the source.
        masks: where the masks come from; None: there are none.
        mask_classes: names of the class numbers in the masks, in their order.
        objects: what is marked in the pictures of the source; None: nothing.
        weights: how often each picture should come against the others, above 0; None: all alike.
    Raises:
        DataError: the parts contradict each other.
    """

    name: str
    keys: tuple[str, ...] = field(repr=False)
    source: Pixels = field(repr=False)
    classes: tuple[str, ...] = ()
    labels: Int[NDArray[np.int64], " b"] = field(default=None, repr=False)  # pyright: ignore[reportAssignmentType]
    splits: NDArray[np.str_] = field(default=None, repr=False)  # pyright: ignore[reportAssignmentType]
    root: Path | None = None
    origin: str = "pictures"
    split_by: SplitBy = "none"
    notes: tuple[str, ...] = ()
    place: str = ""
    shares: tuple[float, float] = (0.0, 0.0)
    rows: Int[NDArray[np.int64], " b"] = field(default=None, repr=False)  # pyright: ignore[reportAssignmentType]
    masks: Masks | None = field(default=None, repr=False)
    mask_classes: tuple[str, ...] = ()
    objects: Objects | None = field(default=None, repr=False)
    weights: Float[NDArray[np.float64], " b"] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        count = len(self.keys)
        _fix(self, "labels", np.full(count, IGNORE) if self.labels is None else self.labels, np.int64)
        _fix(self, "splits", np.full(count, "") if self.splits is None else self.splits, "<U5")
        _fix(self, "rows", np.arange(count) if self.rows is None else self.rows, np.int64)
        for part in ("labels", "splits", "rows"):
            if getattr(self, part).shape != (count,):
                raise DataError(
                    f"PictureSet.{part}: must have one entry for each of the {count} keys, "
                    f"got shape {getattr(self, part).shape}"
                )
        if len(set(self.keys)) != count:
            raise DataError(f"PictureSet.keys: must all differ, got {_twice(self.keys)!r} twice")
        if len(set(self.classes)) != len(self.classes):
            raise DataError(f"PictureSet.classes: must all differ, got {_twice(self.classes)!r} twice")
        labelled = self.labels[self.labels != IGNORE]
        if labelled.size and (labelled.min() < 0 or labelled.max() >= len(self.classes)):
            raise DataError(
                f"PictureSet.labels: must lie in [0, {len(self.classes) - 1}] or be {IGNORE}, "
                f"got {labelled.min()} to {labelled.max()}"
            )
        if not np.isin(self.splits, (*SPLITS, "")).all():
            raise DataError(f"PictureSet.splits: must be train, val, test or '', got {set(self.splits)}")
        if self.split_by not in get_args(SplitBy):
            raise DataError(
                f"PictureSet.split_by: must be one of {', '.join(get_args(SplitBy))}, got {self.split_by!r}"
            )
        if self.weights is not None:
            _fix(self, "weights", self.weights, np.float64)
            if self.weights.shape != (count,) or not (np.isfinite(self.weights) & (self.weights > 0)).all():
                raise DataError(f"PictureSet.weights: must be {count} finite numbers above 0")
        if self.objects is not None and len(self.objects):
            low, high = self.objects.labels.min(), self.objects.labels.max()
            if low < 0 or high >= len(self.classes):
                raise DataError(
                    f"PictureSet.objects: labels must lie in [0, {len(self.classes) - 1}], "
                    f"got {low} to {high}"
                )

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> tuple[UInt8[Tensor, "c=3 h w"], int | dict[str, Any]]:
        """One picture as an item of a map-style torch `Dataset`: pixels, and what is known of them.

        The second part is the class number, or, in a set with masks or objects, a dictionary of
        `label`, `mask` (h x w), `boxes` (n x 4), `labels` (n) and `points` (n x p x 3), as far as
        there are any. So a set goes into `torch.utils.data.DataLoader` as it is.

        Raises:
            ImageError: the picture or its mask cannot be read.
            IndexError: there is no such picture; it ends a loop over the set.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self.name}: has {len(self)} pictures, got the number {index}")
        row = int(self.rows[index])
        pixels = torch.tensor(self.source.read(row)).permute(2, 0, 1)
        label = int(self.labels[index])
        if self.masks is None and self.objects is None:
            return pixels, label
        known: dict[str, Any] = {"label": label}
        if self.masks is not None:
            known["mask"] = torch.tensor(self.masks.read(row))
        if self.objects is not None:
            here = self.objects.of(row)
            known |= {"boxes": torch.tensor(here.boxes), "labels": torch.tensor(here.labels)}
            if here.points is not None:
                known["points"] = torch.tensor(here.points)
        return pixels, known

    @property
    def found(self) -> str:
        """What this set is, in one line for a person."""
        parts = [self.origin, _counted(len(self), "picture", "pictures")]
        classes = self.classes or self.mask_classes
        if classes:
            parts.append(_counted(len(classes), "class", "classes"))
        counts = [(split, int((self.splits == split).sum())) for split in SPLITS]
        if any(count for _, count in counts) and self.split_by != "none":
            by = {"hash": " by a hash of the names", "table": " by the table"}.get(self.split_by, "")
            parts.append(f"split{by} " + " / ".join(f"{split} {n:,}" for split, n in counts if n))
        return ", ".join(parts)

    @property
    def array(self) -> UInt8[NDArray[np.uint8], "b h w c=3"] | None:
        """All pictures of the *source* as one array, or None; picture i is `array[rows[i]]`."""
        return self.source.array

    def pixels(self, index: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        """One picture, decoded: uint8 sRGB, upright. It may be a view: do not write into it.

        Raises:
            ImageError: it cannot be decoded; the text names its key and the reason.
        """
        return self.source.read(int(self.rows[index]))

    def undecoded(self, index: int) -> Undecoded:
        """One picture with its size, of which parts can be decoded.

        Raises:
            ImageError: its size cannot be told; what is broken farther in shows when it is decoded.
        """
        return self.source.undecoded(int(self.rows[index]))

    def sizes(self, *, threads: int = 2) -> Int[NDArray[np.int64], "b hw=2"]:
        """Height and width of every picture, upright, from the heads of their files.

        Raises:
            ImageError: the size of one cannot be told.
        """
        crew = Crew(self.source.size, self.rows.tolist(), workers=threads, ahead=64 * threads, name="sizes")
        try:
            return np.array(list(crew), dtype=np.int64).reshape(-1, 2)
        finally:
            crew.close()

    def path(self, index: int) -> Path | None:
        """The file of one picture, when it has one of its own."""
        return self.source.path(int(self.rows[index]))

    def sample(self, index: int) -> Sample:
        """One picture and its targets, the same whatever layout they lie in.

        Raises:
            ImageError: its file or its mask cannot be read.
        """
        row = int(self.rows[index])
        picture = self.source.path(row)
        if picture is None:
            picture = self.source.encoded(row)
        return Sample(
            key=self.keys[index],
            picture=self.source.read(row) if picture is None else picture,
            label=int(self.labels[index]),
            split=str(self.splits[index]),
            mask=None if self.masks is None else self.masks.read(row),
            objects=None if self.objects is None else self.objects.of(row),
        )

    def subset(self, indices: ArrayLike) -> "PictureSet":
        """The pictures with these numbers, in this order; classes keep their numbers.

        Raises:
            DataError: a number is repeated or lies outside the set.
        """
        chosen = np.asarray(indices, dtype=np.int64).reshape(-1)
        if chosen.size and (chosen.min() < 0 or chosen.max() >= len(self)):
            raise DataError(
                f"PictureSet.subset: must lie in [0, {len(self) - 1}], got {chosen.min()} to {chosen.max()}"
            )
        return replace(
            self,
            keys=tuple([self.keys[i] for i in chosen.tolist()]),
            labels=self.labels[chosen],
            splits=self.splits[chosen],
            rows=self.rows[chosen],
            weights=None if self.weights is None else self.weights[chosen],
            place="",
        )

    def of_split(self, split: str) -> "PictureSet":
        """The pictures of one split: "train", "val" or "test"; may be empty.

        Raises:
            DataError: there is no split of this name.
        """
        if split not in SPLITS:
            raise DataError(
                f"PictureSet.of_split: must be one of {', '.join(SPLITS)}, "
                f"got {split!r}{did_you_mean(split, SPLITS)}"
            )
        return self.subset(np.flatnonzero(self.splits == split))


def _fix(pictures: PictureSet, part: str, values: ArrayLike, dtype: str | type) -> None:
    fixed = np.array(values, dtype=dtype)
    fixed.flags.writeable = False
    object.__setattr__(pictures, part, fixed)


def _twice(words: Sequence[str]) -> str:
    seen: set[str] = set()
    for word in words:
        if word in seen:
            return one_line(word)
        seen.add(word)
    return ""


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
