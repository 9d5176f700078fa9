"""What an earlier run learned, as the start of a new one."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from vitral.core import OptionError
from vitral.saved import Model
from vitral.tasks import GivesEncoder, TakesEncoder
from vitral.train.run import Run


def with_encoder(run: Run, encoder: str | Path | Model, *, frozen: bool) -> tuple[Run, Mapping[str, Tensor]]:
    """The same run on the encoder of a trained model, and the weights to begin with.

    Args:
        run: as asked.
        encoder: a run folder, a model file, or a loaded model.
        frozen: whether the encoder stays as it is, and only what stands on it learns.
    Raises:
        FileFormatError: no model there, or a damaged one.
        OptionError: the task takes no encoder, or the model gives none.
    """
    if not isinstance(run.task, TakesEncoder):
        raise OptionError(f"--encoder: must go with a task that takes one, got {run.task.kind!r}")
    model = encoder if isinstance(encoder, Model) else Model.load(encoder)
    if not isinstance(model.task, GivesEncoder):
        raise OptionError(
            f"--encoder: must be a model with an encoder (generate, compress, classify), "
            f"got one of {model.task.kind!r}"
        )
    found, weights = model.task.encoder(model.module)
    return dataclasses.replace(run, task=run.task.on_encoder(found, frozen=frozen)), weights
