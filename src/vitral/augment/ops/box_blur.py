"""`box-blur`: averages of squares."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Discrete, Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class BoxBlur(Op, kind="box-blur"):
    """Replace each pixel by the average of a square around it; beyond the border pixels are reflected."""

    radius_px: Param = option(Discrete(low=1, high=3), "how far around; rounded", unit="px", low=0, high=50)
    p: float = option(0.5, "how often a picture is blurred", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one radius per picture."""
        radius = np.rint(draw.value(self.radius_px, "radius_px")).astype(np.int64)

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            import cv2

            size = 2 * int(radius[i]) + 1
            return np.asarray(cv2.blur(pixels, (size, size), borderType=cv2.BORDER_REFLECT_101), np.uint8)

        return (Filter(op="box-blur", chosen=draw.chosen(self.p), apply=changed),)
