"""`export`, whose parts are imported when something is exported: importing Vitral stays quick."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vitral.saved.model import Model

if TYPE_CHECKING:
    from vitral.saved.exports import Exported


def export(
    model: Model | str | Path,
    path: str | Path,
    *,
    part: str | None = None,
    size: tuple[int, int] | Literal["any"] | None = None,
    overwrite: bool = False,
) -> "Exported":
    """Write a model as an ONNX file, after its outputs were compared with the model's.

    Args:
        model: a loaded model, a model file, or a run folder.
        path: the file to write.
        part: of models that have several, such as the decoder of a generator; None: the first.
        size: height and width that the graph takes; `any` of them; None: any where that is possible.
        overwrite: replace a file that is there.
    Raises:
        VitralError: see `vitral.saved.exports.export`.
    """
    from vitral.saved.exports import export as written

    return written(model, path, part=part, size=size, overwrite=overwrite)
