"""`ClassificationMetrics`: exact counts of right and wrong answers, added up over batches."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from vitral.core import IGNORE, DataError, ShapeError

_TOP = 5


class ClassificationMetrics:
    """Accuracy, top five, F1 and the confusion matrix of a classifier.

    Only whole numbers are kept, so the result is the same however the pictures were grouped.

    Args:
        classes: class names, in the order of the scores.
    Raises:
        DataError: there is no class, or a name occurs twice.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        if not classes or len(set(classes)) != len(classes):
            raise DataError(
                f"ClassificationMetrics: classes must be distinct, at least one, got {list(classes)!r}"
            )
        self.classes = tuple(classes)
        self._confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
        self._in_top = 0

    def update(self, scores: Float[Tensor, "b k"], labels: Int[Tensor, " b"]) -> None:
        """Count one batch.

        Args:
            scores: higher is likelier; of equal scores the first class wins, NaN is the lowest.
            labels: class numbers in [0, k); IGNORE (-100) is not counted.
        Raises:
            ShapeError: scores and labels do not fit together.
            DataError: a label lies outside [0, k).
        """
        if scores.ndim != 2 or scores.shape != (len(labels), len(self.classes)):
            raise ShapeError(
                f"ClassificationMetrics.update: scores must be {len(labels)} x {len(self.classes)} "
                f"(labels x classes), got {' x '.join(map(str, scores.shape))}"
            )
        target = labels.detach().cpu().numpy()
        counted = target != IGNORE
        target = target[counted]
        if len(target) and not (target.min() >= 0 and target.max() < len(self.classes)):
            raise DataError(
                f"ClassificationMetrics.update: labels must lie in [0, {len(self.classes)}) or be {IGNORE}, "
                f"got {target.min()} to {target.max()}"
            )
        given = scores.detach().cpu().double().numpy()[counted]  # Apple's GPU has no float64.
        given = np.where(np.isnan(given), -np.inf, given)
        np.add.at(self._confusion, (target, given.argmax(axis=1)), 1)
        self._in_top += int((_rank(given, target) < _TOP).sum())

    def merge(self, other: Self) -> None:
        """Add what another instance counted.

        Raises:
            DataError: the other has different classes.
        """
        if other.classes != self.classes:
            raise DataError("ClassificationMetrics.merge: both must have the same classes in the same order")
        self._confusion += other._confusion
        self._in_top += other._in_top

    def result(self) -> dict[str, Any]:
        """The figures as plain Python values.

        Returns:
            `accuracy`, `top5`, `macro_f1` (the mean over classes that occur as label or answer),
            `per_class` (name -> precision, recall, f1, count) and `confusion` (rows: right
            class, columns: answer). Ratios lie in [0, 1]; 0.0 stands where nothing was counted.
        """
        right = np.diagonal(self._confusion)
        labeled, answered = self._confusion.sum(axis=1), self._confusion.sum(axis=0)
        precision, recall = _ratio(right, answered), _ratio(right, labeled)
        f1 = _ratio(2 * right, labeled + answered)
        occurs = labeled + answered > 0
        total = int(labeled.sum())
        return {
            "accuracy": int(right.sum()) / max(total, 1),
            "top5": self._in_top / max(total, 1),
            "macro_f1": float(f1[occurs].mean()) if occurs.any() else 0.0,
            "per_class": {
                name: {
                    "precision": float(precision[k]),
                    "recall": float(recall[k]),
                    "f1": float(f1[k]),
                    "count": int(labeled[k]),
                }
                for k, name in enumerate(self.classes)
            },
            "confusion": self._confusion.tolist(),
        }


def _rank(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many classes stand before the right one; ties are ordered as by argmax."""
    own = scores[np.arange(len(labels)), labels][:, None]
    earlier = np.arange(scores.shape[1])[None] < labels[:, None]
    return ((scores > own) | ((scores == own) & earlier)).sum(axis=1)


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
