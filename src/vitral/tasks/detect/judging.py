"""How well objects are found: the loss, and the figures of COCO."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitral.core import Batch, Chart
from vitral.nn.metrics.average_precision import AveragePrecision
from vitral.tasks.task import TaskModel

# More lines than this cannot be told apart.
_MOST_LINES = 10

Boxes = NDArray[np.float64]
Judge = Callable[[TaskModel, NDArray[np.uint8], "Marked"], tuple[float, Boxes, NDArray[np.int64], Boxes]]
"""From a picture and what is marked in it to its loss, and to boxes, classes and scores."""


class Marked:
    """What is marked in one picture: boxes, class numbers, crowds."""

    def __init__(self, batch: Batch, number: int) -> None:
        self.boxes: Boxes = np.zeros((0, 4))
        self.labels, self.crowd = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)
        self.known = batch.boxes is not None
        if batch.boxes is not None and batch.box_labels is not None:
            self.boxes, self.labels = batch.boxes[number].reshape(-1, 4), batch.box_labels[number]
            self.crowd = np.zeros(len(self.labels), dtype=np.bool_)
            if batch.box_crowd is not None:
                self.crowd = batch.box_crowd[number]


class DetectMetrics:
    """The mean loss a picture, and `AveragePrecision`.

    Args:
        classes: class names.
        judge: answers one picture.
        curves: whether the curves are among the figures.
    """

    def __init__(self, classes: tuple[str, ...], judge: Judge, *, curves: bool = False) -> None:
        self._found, self._judge, self._curves = AveragePrecision(classes), judge, curves
        self._loss, self._pictures = 0.0, 0

    def update(self, model: TaskModel, batch: Batch) -> None:
        """Let the model answer pictures at their own size, and count."""
        for number, pixels in enumerate(batch.pixels):
            marked = Marked(batch, number)
            loss, boxes, labels, scores = self._judge(model, np.asarray(pixels), marked)
            self._found.update(
                boxes, labels, scores,
                objects=marked.boxes, object_labels=marked.labels, crowd=marked.crowd,
            )  # fmt: skip
            self._loss += loss
            self._pictures += 1

    def result(self) -> dict[str, Any]:
        """The loss and all figures; see `AveragePrecision.result` and `curves`."""
        figures = {"loss": self._loss / max(self._pictures, 1)} | self._found.result()
        if not self._curves:
            return figures
        curves = self._found.curves()
        return figures | {"best_score": curves.pop("best_score"), "curves": curves}


def detection_charts(figures: Mapping[str, Any]) -> list[Chart]:
    """Precision against recall, and F1 against the score from which on boxes are told.

    Of many classes those with the most objects are drawn.
    """
    curves = figures.get("curves")
    if not curves:
        return []
    counts = {name: row["count"] for name, row in figures.get("per_class", {}).items()}
    names = sorted(counts, key=lambda name: -counts[name])[:_MOST_LINES]
    lines = [
        ("precision and recall at an overlap of 0.5", "precision_recall", "recall", "precision"),
        ("F1 by the least score", "f1", "least score of a box that is told", "F1"),
    ]
    return [
        Chart(
            title=title,
            series={
                name: [(x, y) for x, y in curves[key][name]]
                for name in ("all", *names)
                if name in curves[key]
            },
            x_label=x_label,
            y_label=y_label,
        )
        for title, key, x_label, y_label in lines
    ]
