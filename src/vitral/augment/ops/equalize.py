"""`equalize`: all levels alike often."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.stretches import changed_levels, equalized
from vitral.augment.stages import Filter, Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Equalize(Op, kind="equalize"):
    """Spread the levels of each channel evenly, as Pillow's `ImageOps.equalize` does, or lightness alone."""

    of: str = option("channels", "what is equalized", choices=("channels", "lightness"))
    p: float = option(0.5, "how often a picture is equalized", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Equalize some pictures."""

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Equalize lightness alone, or each channel."""
            if self.of == "lightness":
                import cv2

                lab = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB))
                lab[..., 0] = cv2.equalizeHist(np.ascontiguousarray(lab[..., 0]))
                return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)
            return changed_levels(pixels, equalized)

        return (Filter(op="equalize", chosen=draw.chosen(self.p), apply=changed),)
