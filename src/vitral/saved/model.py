"""`Model`: a trained task that predicts, and the one safe file it lives in."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

import numpy as np
import torch
from numpy.typing import NDArray

from vitral.core import FileFormatError, OptionError, VitralError
from vitral.data import DataFacts, decode, shrunk
from vitral.saved.tensor_file import read_tensors, write_tensors
from vitral.tasks.task import Task, TaskModel

FORMAT = "vitral.model"
VERSION = 1
FILE_NAME = "model.safetensors"

PictureLike = str | Path | bytes | NDArray[np.uint8]


@dataclass(kw_only=True, eq=False)
class Model:
    """A trained task: it predicts, and it can be saved and loaded.

    Args:
        task: the task with every option decided.
        module: the network with its weights and the facts of its training pictures.
        record: plain JSON about the training (epochs, validation figures, Vitral's version).
        digest: digest of the file it came from or went to; empty before the first save.
    """

    task: Task
    module: TaskModel = field(repr=False)
    record: dict[str, Any] = field(default_factory=dict, repr=False)
    digest: str = ""

    @property
    def facts(self) -> DataFacts:
        """What was known of the training pictures: classes, sizes, mean and deviation."""
        return self.module.facts

    @overload
    def predict(self, pictures: PictureLike) -> Any: ...
    @overload
    def predict(self, pictures: Sequence[PictureLike]) -> list[Any]: ...
    def predict(self, pictures: PictureLike | Sequence[PictureLike]) -> Any:
        """Answer the task's question for one picture or a list of pictures.

        Args:
            pictures: a path, the bytes of a picture file, or decoded pixels (uint8, h x w x 3,
                sRGB); or a list of these.
        Returns:
            One typed prediction, or a list of them in the same order.
        Raises:
            ImageError: a picture cannot be decoded.
            VitralError: decoded pixels are not uint8 of h x w x 3.
        """
        if isinstance(pictures, str | Path | bytes | np.ndarray):
            return self._answers([pictures], first=0)[0]
        answers: list[Any] = []
        for some in _groups(pictures, 64):
            answers.extend(self._answers(some, first=len(answers)))
        return answers

    def save(self, path: str | Path) -> str:
        """Write the model file, atomically.

        Returns:
            The file's digest.
        Raises:
            VitralError: the file cannot be written (an old one is kept).
        """
        content = {"task": self.task.to_json(), "facts": self.facts.to_json(), "record": self.record}
        self.digest = write_tensors(path, self.module.state_dict(), content, format=FORMAT, version=VERSION)
        return self.digest

    @classmethod
    def load(cls, path: str | Path, *, device: str | torch.device = "cpu") -> "Model":
        """Read a model file, or the model of a run folder.

        Args:
            path: the file, or the folder that holds `model.safetensors`.
            device: where the network will run.
        Raises:
            FileFormatError: no such file, damaged, cut short, or not a model.
        """
        path = Path(path)
        file = path / FILE_NAME if path.is_dir() else path
        if path.is_dir() and not file.exists():
            raise FileFormatError(f"{path}: holds no {FILE_NAME}; is the training finished?")
        tensors, content, digest = read_tensors(file, format=FORMAT, version=VERSION)
        try:
            task = Task.from_json(content["task"])
            module = task.build(DataFacts.from_json(content["facts"]))
            _fill(module, tensors)
        except (KeyError, TypeError, OptionError, RuntimeError) as error:
            raise FileFormatError(
                f"{file}: describes a model that this Vitral cannot build: {error}"
            ) from error
        module.eval().to(device)
        return cls(task=task, module=module, record=dict(content.get("record", {})), digest=digest)

    def _answers(self, pictures: Sequence[PictureLike], *, first: int) -> list[Any]:
        self.module.eval()
        decoded = [_pixels(picture, number) for number, picture in enumerate(pictures, start=first)]
        # Shrunk as training and evaluation shrink, so that all three see the same pixels.
        side = self.task.answered_side_px()
        return list(self.task.predict(self.module, [shrunk(picture, side) for picture in decoded]))


def _pixels(picture: PictureLike, position: int) -> NDArray[np.uint8]:
    if isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise VitralError(
                f"predict: pixels must be uint8 of h x w x 3, got {picture.dtype} of {tuple(picture.shape)}"
            )
        return picture
    if isinstance(picture, bytes):
        return decode(picture, name=f"picture {position}")
    return decode(Path(picture), name=str(picture))


def _fill(module: TaskModel, tensors: Mapping[str, torch.Tensor]) -> None:
    module.load_state_dict(dict(tensors), strict=True)


def _groups(items: Iterable[PictureLike], size: int) -> Iterator[list[PictureLike]]:
    group: list[PictureLike] = []
    for item in items:
        group.append(item)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
