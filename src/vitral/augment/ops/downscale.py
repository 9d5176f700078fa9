"""`downscale`: as enlarged from a small picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.averages import shrunk
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Downscale(Op, kind="downscale"):
    """Make pictures small, by averages of areas or by picking pixels, and large again."""

    factor: Param = option((1.5, 4.0), "how much smaller; pairs are drawn on the logarithm", low=1, high=100)
    picked: bool = option(False, "single pixels are picked, not averaged, which is quicker and aliases")
    by: str = option("linear", "how they are made large again", choices=("nearest", "linear", "cubic"))
    p: float = option(0.5, "how often a picture is made small", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one factor per picture."""
        factor = draw.factor(self.factor, "factor")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Make a picture small and large again."""
            import cv2

            height, width = pixels.shape[:2]
            tall, wide = max(1, round(height / factor[i])), max(1, round(width / factor[i]))
            if self.picked:
                small = cv2.resize(pixels, (wide, tall), interpolation=cv2.INTER_NEAREST_EXACT)
            else:
                small = shrunk(pixels, tall, wide)
            how = {"nearest": cv2.INTER_NEAREST_EXACT, "linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}[
                self.by
            ]
            return np.asarray(cv2.resize(small, (width, height), interpolation=how), np.uint8)

        return (Filter(op="downscale", chosen=draw.chosen(self.p), apply=changed),)
