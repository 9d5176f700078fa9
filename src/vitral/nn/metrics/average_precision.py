"""`AveragePrecision`: how well boxes are found, as the COCO evaluation counts it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from vitral.core import DataError, ShapeError
from vitral.nn.metrics.box_matching import AREAS, OVERLAPS, Matched, matched

MOST_BOXES = 100
"""Found boxes of one class in one picture that are looked at, the surest ones."""

_FEW = (1, 10, MOST_BOXES)
_RECALLS = np.linspace(0.0, 1.0, 101)
_THRESHOLDS = np.linspace(0.0, 1.0, 51)
_AT_75 = int(np.argmin(np.abs(OVERLAPS - 0.75)))


class AveragePrecision:
    """Average precision and recall of found boxes over pictures.

    Pictures are added one by one. Their order decides only between boxes of exactly equal scores.

    Args:
        classes: class names, in the order of their numbers.
    Raises:
        DataError: there is no class, or a name occurs twice.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        if not classes or len(set(classes)) != len(classes):
            raise DataError(
                f"AveragePrecision: classes must be distinct, at least one, got {list(classes)!r}"
            )
        self.classes = tuple(classes)
        self._seen: list[list[Matched]] = [[] for _ in classes]

    def update(
        self,
        boxes: Float[NDArray[np.float64], "n xyxy=4"],
        labels: Int[NDArray[np.int64], " n"],
        scores: Float[NDArray[np.float64], " n"],
        *,
        objects: Float[NDArray[np.float64], "m xyxy=4"],
        object_labels: Int[NDArray[np.int64], " m"],
        crowd: Bool[NDArray[np.bool_], " m"] | None = None,
    ) -> None:
        """Count one picture.

        Args:
            boxes: found, x0 y0 x1 y1 in pixels.
            labels: class number of each, in [0, k).
            scores: how sure each is; higher is surer.
            objects: what is there, x0 y0 x1 y1 in pixels.
            object_labels: class number of each, in [0, k).
            crowd: which objects are neither to be found nor counted as mistakes; None: none.
        Raises:
            ShapeError: boxes, classes and scores differ in number.
            DataError: a class number lies outside [0, k), or a number is not finite.
        """
        crowd = np.zeros(len(objects), dtype=np.bool_) if crowd is None else crowd
        self._check("boxes", boxes, labels, scores)
        self._check("objects", objects, object_labels, crowd)
        for k, seen in enumerate(self._seen):
            found, there = labels == k, object_labels == k
            if found.any() or there.any():
                one = matched(
                    boxes[found], scores[found], objects[there], crowd[there], most=MOST_BOXES
                )  # fmt: skip
                seen.append(one)

    def result(self) -> dict[str, Any]:
        """The figures as plain Python values, shares in [0, 1].

        Returns:
            `map` (mean over overlaps 0.5 to 0.95 and over classes), `ap50`, `ap75`; `ap_small`,
            `ap_medium`, `ap_large` by the objects' area in pixels; `ar1`, `ar10`, `ar100`: recall
            with so many boxes a picture and class, averaged as `map` is; `per_class`: name -> ap,
            ap50, ap75, ar100, count. Classes without objects take no part, as in COCO. None
            stands where there is no object of a size, and 0.0 where there is none at all.
        """
        per_class = [self._class(k) for k in range(len(self.classes))]
        with_all = [one for one in per_class if one["count"]]
        figures: dict[str, Any] = {
            "map": _mean([one["ap"] for one in with_all]) or 0.0,
            "ap50": _mean([one["ap50"] for one in with_all]) or 0.0,
            "ap75": _mean([one["ap75"] for one in with_all]) or 0.0,
        }
        for kind in ("small", "medium", "large"):
            figures[f"ap_{kind}"] = _mean([one[kind] for one in per_class if one[kind] is not None])
        for few in _FEW:
            figures[f"ar{few}"] = _mean([one[f"ar{few}"] for one in with_all]) or 0.0
        kept = ("ap", "ap50", "ap75", "ar100", "count")
        figures["per_class"] = {
            name: {key: one[key] for key in kept}
            for name, one in zip(self.classes, per_class, strict=True)
            if one["count"]
        }
        return figures

    def curves(self) -> dict[str, Any]:
        """Precision against recall and F1 against the score, at an overlap of 0.5, as plain lists.

        Returns:
            `precision_recall` and `f1`: class name -> [[x, y], ...]; `f1` has a curve `all` over
            all classes together, and `best_score` is where that is highest.
        """
        precision: dict[str, list[list[float]]] = {}
        f1: dict[str, list[list[float]]] = {}
        everything = [one for seen in self._seen for one in seen]
        for name, seen in (("all", everything), *zip(self.classes, self._seen, strict=True)):
            objects, scores, right, counted = _together(seen, area=0, few=MOST_BOXES)
            if not objects:
                continue
            f1[name] = _f1_curve(objects, scores, right[0] & counted[0], counted[0])
            if seen is not everything:
                heights = _precision_at_recalls(objects, right[:1], counted[:1])[0]
                precision[name] = _points(_RECALLS, heights)
        best = max(f1.get("all", [[0.0, 0.0]]), key=lambda point: point[1])[0]
        return {"precision_recall": precision, "f1": f1, "best_score": best}

    def _class(self, k: int) -> dict[str, Any]:
        """All figures of one class; None where it has no objects of a size."""
        found: dict[str, Any] = {}
        for number, kind in enumerate(AREAS):
            objects, _, right, counted = _together(self._seen[k], area=number, few=MOST_BOXES)
            ap = _precision_at_recalls(objects, right, counted).mean(axis=1) if objects else None
            found[kind] = None if ap is None else float(ap.mean())
            if kind == "all":
                found["count"] = objects
                found["ap"] = found[kind] or 0.0
                found["ap50"] = 0.0 if ap is None else float(ap[0])
                found["ap75"] = 0.0 if ap is None else float(ap[_AT_75])
        for few in _FEW:
            objects, _, right, counted = _together(self._seen[k], area=0, few=few)
            recall = (right & counted).sum(axis=1) / max(objects, 1)
            found[f"ar{few}"] = float(recall.mean())
        return found

    def _check(self, what: str, boxes: NDArray[Any], labels: NDArray[Any], more: NDArray[Any]) -> None:
        count = len(labels)
        if boxes.shape != (count, 4) or more.shape != (count,):
            raise ShapeError(
                f"AveragePrecision.update: {what} must be {count} x 4 with {count} numbers beside them, "
                f"got {boxes.shape} and {more.shape}"
            )
        if not np.isfinite(boxes).all() or not np.isfinite(more).all():
            raise DataError(f"AveragePrecision.update: {what} must be finite")
        if count and not (labels.min() >= 0 and labels.max() < len(self.classes)):
            raise DataError(
                f"AveragePrecision.update: labels of {what} must lie in [0, {len(self.classes)}), "
                f"got {labels.min()} to {labels.max()}"
            )


def _together(
    seen: Sequence[Matched], *, area: int, few: int
) -> tuple[int, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Objects, and the boxes of all pictures with the surest first: score, right, counted."""
    objects = sum(int(one.objects[area]) for one in seen)
    none = np.zeros((len(OVERLAPS), 0), dtype=np.bool_)
    scores = np.concatenate([np.zeros(0), *(one.scores[:few] for one in seen)])
    order = np.argsort(-scores, kind="stable")
    right = np.concatenate([none, *(one.right[area, :, :few] for one in seen)], axis=1)
    counted = np.concatenate([none, *(one.counted[area, :, :few] for one in seen)], axis=1)
    return objects, scores[order], right[:, order], counted[:, order]


def _precision_at_recalls(
    objects: int, right: Bool[NDArray[np.bool_], "t n"], counted: Bool[NDArray[np.bool_], "t n"]
) -> Float[NDArray[np.float64], "t 101"]:
    """The best precision that is left at each of 101 recalls; 0 beyond the highest one."""
    hits = (right & counted).cumsum(axis=1).astype(np.float64)
    precision = hits / (counted.cumsum(axis=1) + np.spacing(1))
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    found = np.zeros((len(right), len(_RECALLS)))
    for row, (recall, heights) in enumerate(zip(hits / objects, best, strict=True)):
        at = np.searchsorted(recall, _RECALLS, side="left")
        inside = at < len(heights)
        found[row, inside] = heights[at[inside]]
    return found


def _f1_curve(
    objects: int,
    scores: Float[NDArray[np.float64], " n"],
    hits: Bool[NDArray[np.bool_], " n"],
    counted: Bool[NDArray[np.bool_], " n"],
) -> list[list[float]]:
    """F1 of the boxes at or above each score."""
    above = np.searchsorted(-scores, -_THRESHOLDS, side="right")
    right, told = (np.concatenate([[0], some.cumsum()])[above] for some in (hits, counted))
    return _points(_THRESHOLDS, 2 * right / np.maximum(told + objects, 1))


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[list[float]]:
    return [[round(a, 4), round(b, 4)] for a, b in zip(x.tolist(), y.tolist(), strict=True)]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
