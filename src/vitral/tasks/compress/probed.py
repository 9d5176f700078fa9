"""`ProbedJudge`: the figures of files, and how well classes can be read from the latents."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from vitral.core import Batch
from vitral.nn import LatentProbe
from vitral.tasks.task import Metrics, TaskModel


class ProbedJudge:
    """Hands every batch to the judge of files, and keeps the latents of its squares for a probe.

    Args:
        files: judges the files.
        points: model and network inputs to latents, b x d.
        probe: fitted to those of training pictures.
    """

    def __init__(
        self, files: Metrics, points: Callable[[TaskModel, Tensor], Tensor], probe: LatentProbe
    ) -> None:
        self._files, self._points, self._probe = files, points, probe
        self._found: list[tuple[Tensor, Tensor]] = []

    def update(self, model: TaskModel, batch: Batch) -> None:
        """Judge one batch."""
        self._files.update(model, batch)
        if batch.inputs is not None:
            self._found.append((self._points(model, batch.inputs).cpu(), batch.labels.cpu()))

    def result(self) -> dict[str, Any]:
        """The figures of the files, and the shares of right answers where there are labels."""
        if not self._found:
            return self._files.result()
        latents, labels = (torch.cat(parts) for parts in zip(*self._found, strict=True))
        return self._probe.figures(latents, labels) | self._files.result()
