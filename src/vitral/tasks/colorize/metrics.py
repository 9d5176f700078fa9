"""How well pictures are colored: quickly during training, and closely by `evaluate`."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from vitral.core import IGNORE, Batch, DataError
from vitral.nn.color import (
    ColorErrors,
    annealed_mean,
    colored,
    colorfulness,
    is_colorful,
    lab_of,
    levels_to_lab,
)
from vitral.tasks.colorize.hints import network_inputs, no_hints
from vitral.tasks.colorize.model import STRIDE, ColorizeModel
from vitral.tasks.colorize.one_pass import painted
from vitral.tasks.colorize.recognition import Recognition
from vitral.tasks.colorize.tints import Pixels, flat_tint_of, grey_of, strips
from vitral.tasks.task import TaskModel

# Colorfulness is of whole pixels, which takes longer than all the rest.
_COLORFUL_EVERY = 4
_BEST_PSNR_DB = 100.0


class ColorizeMetrics:
    """Errors of colors at the size of the network's answer, over squares as validation cuts them.

    Args:
        flip: whether predictions are averaged with those of mirrored pictures.
        vividness: what predictions are asked for.
        loss: model and batch to the mean loss and how many pictures count.
    """

    def __init__(
        self, *, flip: bool, vividness: float, loss: Callable[[ColorizeModel, Batch], tuple[float, int]]
    ) -> None:
        self._flip, self._vividness, self._loss = flip, vividness, loss
        self._errors = ColorErrors()
        self._total, self._counted = 0.0, 0
        self._made = self._originals = 0.0

    def update(self, model: TaskModel, batch: Batch) -> None:
        """Color one batch of squares, and count."""
        assert isinstance(model, ColorizeModel)
        assert batch.inputs is not None
        mean, count = self._loss(model, batch)
        self._total, self._counted = self._total + mean * count, self._counted + count
        # As in the loss, pictures without colors do not count.
        counted = colored(functional.avg_pool2d(lab_of(batch.inputs)[:, 1:], STRIDE, ceil_mode=True))
        inputs, indices = batch.inputs[counted], batch.indices[counted.cpu().numpy()]
        if not len(inputs):
            return
        lab = lab_of(inputs)
        lightness, ab = lab[:, :1], lab[:, 1:]
        scores = model.scores(network_inputs(lightness, *no_hints(lightness)), flip=self._flip).float()
        made = colors_of(model, scores, self._vividness).permute(0, 2, 3, 1).cpu().numpy()
        right = functional.avg_pool2d(ab, STRIDE, ceil_mode=True).permute(0, 2, 3, 1).cpu().numpy()
        self._errors.update(made, right)
        for n in np.flatnonzero(indices % _COLORFUL_EVERY == 0).tolist():
            original = (inputs[n].float() * 255).round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()
            plane = (lightness[n, 0] / 100).cpu().numpy()
            self._made += colorfulness(painted(original, made[n], plane))
            self._originals += colorfulness(original)

    def result(self) -> dict[str, Any]:
        """The mean loss, both AuC, both mean errors, and the colorfulness against the originals."""
        found = {"loss": self._total / max(self._counted, 1)} | self._errors.result()
        return found | {"colorfulness_ratio": self._made / max(self._originals, 1e-9)}


@dataclass(kw_only=True)
class _Row:
    """Sums over pictures for one way to color them."""

    errors: ColorErrors = field(default_factory=ColorErrors)
    colorful: float = 0.0
    psnr_db: float = 0.0

    def add(self, original: Pixels, made: Pixels) -> None:
        """Count one picture."""
        squares = 0.0
        for rows in strips(original):
            self.errors.update(levels_to_lab(made[rows])[..., 1:], levels_to_lab(original[rows])[..., 1:])
            off = made[rows].astype(np.float32) - original[rows]
            squares += float(np.square(off).sum(dtype=np.float64))
        self.colorful += colorfulness(made)
        error = squares / original.size
        self.psnr_db += min(_BEST_PSNR_DB, 10 * math.log10(255**2 / error)) if error else _BEST_PSNR_DB

    def shown(self, name: str, *, pictures: int, originals: float) -> dict[str, Any]:
        """The figures, ready for JSON."""
        ratio = {"colorfulness_ratio": self.colorful / max(originals, 1e-9)}
        return {"picture": name} | self.errors.result() | ratio | {"psnr_db": self.psnr_db / max(pictures, 1)}


class ColorizeJudge:
    """Errors of whole pictures in their own size, beside those of no color and of one flat tint.

    PSNR is the mean over pictures of that over red, green and blue: it says how little it says.
    Pictures without colors are left out and counted.

    Args:
        colorize: model and pixels to the picture in color.
        recognition: asks a classifier about the pictures, where there is one.
    """

    def __init__(
        self,
        colorize: Callable[[ColorizeModel, Pixels], Pixels],
        *,
        recognition: Recognition | None = None,
    ) -> None:
        self._colorize, self._recognition = colorize, recognition
        self._rows = {name: _Row() for name in ("colorized", "flat tint", "grey")}
        self._pictures, self._grey, self._originals = 0, 0, 0.0

    def update(self, model: TaskModel, batch: Batch) -> None:
        """Color the pictures of a batch as `predict` does, and count."""
        assert isinstance(model, ColorizeModel)
        for label, pixels in zip(batch.labels.tolist(), batch.pixels, strict=True):
            original: NDArray[np.uint8] = np.asarray(pixels)
            if not is_colorful(original):
                self._grey += 1
                continue
            self._pictures += 1
            self._originals += colorfulness(original)
            made, grey = self._colorize(model, original), grey_of(original)
            self._rows["colorized"].add(original, made)
            self._rows["flat tint"].add(original, flat_tint_of(original))
            self._rows["grey"].add(original, grey)
            if self._recognition is not None and label != IGNORE:
                self._recognition.add(label, original=original, grey=grey, colorized=made)

    def result(self) -> dict[str, Any]:
        """The figures of the colored pictures, and a table with all three ways.

        Raises:
            DataError: none of the pictures has colors.
        """
        if not self._pictures:
            raise DataError(
                f"none of the {self._grey:,} pictures has colors, by which colorized ones could be judged"
            )
        rows = [
            row.shown(name, pictures=self._pictures, originals=self._originals)
            for name, row in self._rows.items()
        ]
        found = {name: value for name, value in rows[0].items() if name != "picture"}
        return (
            found
            | {
                "psnr_flat_db": rows[1]["psnr_db"],
                "psnr_grey_db": rows[2]["psnr_db"],
                "grey_left_out": self._grey,
                "beside": rows,
            }
            | ({"recognition": None} if self._recognition is None else self._recognition.result())
        )


@torch.inference_mode()
def colors_of(model: ColorizeModel, scores: torch.Tensor, vividness: float) -> torch.Tensor:
    """a and b of what the network gave, b x 2 x h x w, as vivid as asked."""
    if model.regression:
        return scores * vividness
    temperature, factor = model.vividness.chosen(vividness)
    return annealed_mean(scores, temperature=temperature) * factor
