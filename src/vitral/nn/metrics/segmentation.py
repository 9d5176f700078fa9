"""`SegmentationMetrics`: exact counts of right and wrong pixels, added up over pictures."""

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from jaxtyping import Bool, Int, UInt8
from numpy.typing import NDArray

from vitral.core import DataError, ShapeError

_IGNORED = 255
_MOST_CLASSES = 255
_AT_ONCE = 2**20  # Pixels counted together: their class numbers are widened to eight bytes.


class SegmentationMetrics:
    """Overlap, accuracy, edges and the confusion matrix of masks.

    Counts are whole numbers, and the figures of edges are summed exactly, so the result is the same
    however the pictures were grouped. A class is left out of a mean where it has no say: it occurs
    neither in the right masks nor in the answers (`absent`), or, for the accuracy of classes, not in
    the right masks.

    Args:
        classes: class names, in the order of their numbers; at most 255.
        edges: whether `boundary_f` is measured; it takes most of the time.
    Raises:
        DataError: there is no class, there are too many, or a name occurs twice.
    """

    def __init__(self, classes: Sequence[str], *, edges: bool = True) -> None:
        if not 0 < len(classes) <= _MOST_CLASSES or len(set(classes)) != len(classes):
            raise DataError(
                f"SegmentationMetrics: classes must be distinct, from 1 to {_MOST_CLASSES}, "
                f"got {len(classes)} of {len(set(classes))} names"
            )
        self.classes = tuple(classes)
        self._confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
        self._edges: list[list[float]] | None = [[] for _ in classes] if edges else None

    def update(
        self, predicted: UInt8[NDArray[np.uint8], "h w"], truth: UInt8[NDArray[np.uint8], "h w"]
    ) -> None:
        """Count one picture of any size.

        Args:
            predicted: class number of each pixel, in [0, k); anything where the truth is 255.
            truth: the right class numbers; 255 is not counted.
        Raises:
            ShapeError: the two differ in size.
            DataError: a number lies outside [0, k).
        """
        if predicted.shape != truth.shape or truth.ndim != 2:
            raise ShapeError(
                f"SegmentationMetrics.update: both must be h x w of one size, got {predicted.shape} and "
                f"{truth.shape}"
            )
        counted = truth != _IGNORED
        for name, numbers in (("predicted", predicted), ("truth", truth)):
            highest = int(numbers.max(where=counted, initial=0))
            if highest >= len(self.classes):
                raise DataError(
                    f"SegmentationMetrics.update: {name} must lie in [0, {len(self.classes)}) where the "
                    f"truth is not {_IGNORED}, got {highest}"
                )
        self._confusion += _pairs(predicted, truth, len(self.classes))
        if self._edges is not None:
            known = np.where(counted, predicted, np.uint8(_IGNORED))
            for number, score in boundary_f(known, truth).items():
                self._edges[number].append(score)

    def merge(self, other: Self) -> None:
        """Add what another instance counted.

        Raises:
            DataError: the other has different classes, or only one of them measures edges.
        """
        if other.classes != self.classes or (other._edges is None) != (self._edges is None):
            raise DataError("SegmentationMetrics.merge: both must have the same classes and measure the same")
        self._confusion += other._confusion
        for mine, others in zip(self._edges or [], other._edges or [], strict=True):
            mine += others

    def result(self) -> dict[str, Any]:
        """The figures as plain Python values.

        Returns:
            `mean_iou` (intersection over union, the mean of the classes), `micro_iou` (that of all
            pixels together), `dice` (the mean of the classes), `pixel_accuracy`,
            `mean_class_accuracy`, `boundary_f` (see the function; the mean over classes of the mean
            over the pictures with an edge of the class), `absent` (names of classes that occur
            nowhere), `per_class` (name -> iou, dice, accuracy, precision, boundary_f, pixels) and
            `confusion` (pixels; rows: right class, columns: answer). Ratios lie in [0, 1]; of a class
            that has no say they are None, and a mean of nothing is 0.0.
        """
        right = np.diagonal(self._confusion)
        of, by = self._confusion.sum(axis=1), self._confusion.sum(axis=0)
        whole, hits = int(of.sum()), int(right.sum())
        each: dict[str, list[float | None]] = {
            "iou": _ratios(right, of + by - right),
            "dice": _ratios(2 * right, of + by),
            "accuracy": _ratios(right, of),
            "precision": _ratios(right, by),
        }
        if self._edges is not None:
            each["boundary_f"] = [math.fsum(one) / len(one) if one else None for one in self._edges]
        means = {
            "mean_iou": _mean(each["iou"]),
            "micro_iou": hits / max(2 * whole - hits, 1),
            "dice": _mean(each["dice"]),
            "pixel_accuracy": hits / max(whole, 1),
            "mean_class_accuracy": _mean(each["accuracy"]),
        }
        if self._edges is not None:
            means["boundary_f"] = _mean(each["boundary_f"])
        return {
            **means,
            "absent": [name for name, pixels in zip(self.classes, of + by, strict=True) if pixels == 0],
            "per_class": {
                name: {figure: values[k] for figure, values in each.items()} | {"pixels": int(of[k])}
                for k, name in enumerate(self.classes)
            },
            "confusion": self._confusion.tolist(),
        }


def boundary_f(
    predicted: UInt8[NDArray[np.uint8], "h w"], truth: UInt8[NDArray[np.uint8], "h w"]
) -> dict[int, float]:
    """How well the edges of each class lie upon the right ones.

    A pixel is at the edge of its class when one of its four neighbors is of another class. F is the
    harmonic mean of precision and recall: the shares of predicted and of right edge pixels that have
    one of the other kind within 0.75 % of the picture's diagonal.

    Args:
        predicted: class numbers.
        truth: likewise; 255, in either, is of no class and makes no edge.
    Returns:
        F in [0, 1] of each class that has an edge in one of the two.
    Source:
        Csurka et al. 2013, "What is a good evaluation measure for semantic segmentation?", BMVC,
        section 2.2. Departures: edges beside pixels that do not count are left out; a class with an
        edge in only one of the two gets 0.
    """
    found, right = edge_pixels(predicted), edge_pixels(truth)
    scores: dict[int, float] = {}
    for number in np.union1d(predicted[found], truth[right]).tolist():
        here, there = found & (predicted == number), right & (truth == number)
        precision, recall = _share_near(here, there), _share_near(there, here)
        total = precision + recall
        scores[number] = 2 * precision * recall / total if total else 0.0
    return scores


def edge_pixels(mask: UInt8[NDArray[np.uint8], "h w"]) -> Bool[NDArray[np.bool_], "h w"]:
    """The pixels of a class that have a neighbor of another class; 255 is none."""
    edge = np.zeros(mask.shape, dtype=np.bool_)
    for one, other in (((slice(1, None),), (slice(-1),)), ((slice(None), slice(1, None)), (..., slice(-1)))):
        differ = mask[one] != mask[other]
        differ &= (mask[one] != _IGNORED) & (mask[other] != _IGNORED)
        edge[one] |= differ
        edge[other] |= differ
    return edge


def _share_near(pixels: NDArray[np.bool_], others: NDArray[np.bool_]) -> float:
    """The share of some pixels that have one of the others within the tolerance."""
    if not pixels.any() or not others.any():
        return 0.0
    import cv2  # here, because it takes a third of the time to import vitral

    height, width = pixels.shape
    distance = cv2.distanceTransform((~others).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[pixels]
    # Squares of distances are whole numbers; so is 0.0075 ** 2 = 9 / 160000 of the diagonal's.
    squares = np.rint(np.square(distance.astype(np.float64))).astype(np.int64)
    return float((squares * 160_000 <= 9 * (height**2 + width**2)).mean())


def _pairs(predicted: NDArray[np.uint8], truth: NDArray[np.uint8], classes: int) -> NDArray[np.int64]:
    """Counts of each pair of right class and answer."""
    pairs = np.zeros(classes * classes, dtype=np.int64)
    flat, right = predicted.reshape(-1), truth.reshape(-1)
    for at in range(0, len(right), _AT_ONCE):
        part = slice(at, at + _AT_ONCE)
        counted = right[part] != _IGNORED
        numbers = right[part][counted].astype(np.int64) * classes + flat[part][counted]
        pairs += np.bincount(numbers, minlength=classes * classes)
    return pairs.reshape(classes, classes)


def _ratios(parts: Int[NDArray[np.int64], " k"], wholes: Int[NDArray[np.int64], " k"]) -> list[float | None]:
    pairs = zip(parts.tolist(), wholes.tolist(), strict=True)
    return [part / whole if whole else None for part, whole in pairs]


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else 0.0
