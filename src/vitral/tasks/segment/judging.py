"""The figures of a segmentation, from pictures at their own size."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import Batch, DataError
from vitral.tasks.task import TaskModel

Judge = Callable[
    [TaskModel, NDArray[np.uint8], NDArray[np.uint8]], tuple[UInt8[NDArray[np.uint8], "h w"], float]
]
"""From a model, a picture and its mask to the answered mask and the loss."""


class SegmentMetrics:
    """`SegmentationMetrics` and the mean loss, over batches.

    Args:
        classes: class names in the order of their numbers.
        judge: see `Judge`.
        edges: whether the edges are measured as well.
    """

    def __init__(self, classes: Sequence[str], judge: Judge, *, edges: bool) -> None:
        from vitral.nn.metrics.segmentation import SegmentationMetrics  # only where masks are judged

        self._counts, self._judge = SegmentationMetrics(classes, edges=edges), judge
        self._total, self._pictures = 0.0, 0

    def update(self, model: TaskModel, batch: Batch) -> None:
        """Let the model answer a batch of pictures, and count.

        Raises:
            DataError: the pictures have no masks.
        """
        if batch.masks is None:
            raise DataError("segmentation: the pictures have no masks to be judged by")
        for pixels, mask in zip(batch.pixels, batch.masks, strict=True):
            answered, loss = self._judge(model, np.asarray(pixels), mask)
            self._counts.update(answered, mask)
            self._total += loss
        self._pictures += len(batch)

    def result(self) -> dict[str, Any]:
        """The figures of `SegmentationMetrics`, with the mean loss."""
        return {"loss": self._total / max(self._pictures, 1)} | self._counts.result()
