"""`Detected`: the objects that were found in one picture."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from vitral.core import Picture
from vitral.tasks.detect.drawing import Shown, painted


@dataclass(frozen=True, kw_only=True)
class Found:
    """One object.

    Args:
        label: its class.
        number: the number of its class.
        score: how sure it is, in [0, 1].
        box: x0 y0 x1 y1 in pixels of the picture.
    """

    label: str
    number: int
    score: float
    box: tuple[float, float, float, float]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"label": self.label, "score": self.score, "box": list(self.box)}


@dataclass(frozen=True, kw_only=True)
class Detected:
    """The answer for one picture.

    Args:
        boxes: the objects that are told, the surest first.
        faint: boxes that are less sure than is told; for curves, and for those who choose another bound.
        classes: all classes that there are.
    """

    boxes: tuple[Found, ...]
    faint: tuple[Found, ...] = field(default=(), repr=False)
    classes: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(
        cls,
        boxes: Float[NDArray[np.float64], "n xyxy=4"],
        labels: Int[NDArray[np.int64], " n"],
        scores: Float[NDArray[np.float64], " n"],
        *,
        classes: Sequence[str],
        confidence: float,
    ) -> "Detected":
        """Name the classes, and tell the boxes apart by how sure they are.

        Args:
            boxes: x0 y0 x1 y1 in pixels of the picture, the surest first.
            labels: class number of each.
            scores: of each, in [0, 1].
            classes: class names in the order of their numbers.
            confidence: least score of what is told.
        """
        names = tuple(classes)
        found = [
            Found(label=names[k], number=k, score=score, box=(x0, y0, x1, y1))
            for (x0, y0, x1, y1), k, score in zip(
                boxes.tolist(), labels.tolist(), scores.tolist(), strict=True
            )
        ]
        told = sum(one.score >= confidence for one in found)
        return cls(boxes=tuple(found[:told]), faint=tuple(found[told:]), classes=names)

    def counts(self) -> dict[str, int]:
        """How many of each class were found, the most frequent first."""
        return dict(Counter(one.label for one in self.boxes).most_common())

    def headline(self) -> str:
        """How many of what."""
        return ", ".join(f"{n:,} {label}" for label, n in self.counts().items()) or "nothing found"

    def detail(self) -> str:
        """How sure the surest and the least sure box are."""
        if not self.boxes:
            return f"at best {self.faint[0].label} {self.faint[0].score:.0%}" if self.faint else ""
        scores = sorted(one.score for one in self.boxes)
        return f"{scores[-1]:.0%} sure" if len(scores) == 1 else f"{scores[0]:.0%} to {scores[-1]:.0%} sure"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"counts": self.counts(), "boxes": [one.to_json() for one in self.boxes]}

    def drawn(self, pixels: NDArray[np.uint8], name: str) -> Picture:
        """The picture with its boxes, their classes and how sure they are."""
        shown = [
            Shown(box=one.box, label=one.label, number=one.number, score=one.score) for one in self.boxes
        ]
        return Picture(pixels=painted(pixels, shown), title=self.headline(), note=name, close=True)
