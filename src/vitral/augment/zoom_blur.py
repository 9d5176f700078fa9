"""`zoom-blur`: as if the lens was zoomed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class ZoomBlur(Op, kind="zoom-blur"):
    """Average the picture with enlarged copies of itself, as if the lens was zoomed meanwhile.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3. Departure: copies lie so close together
        that none moves by more than a pixel against the next, but there are 40 at most.
    """

    factor: Param = option((1.02, 1.12), "size of the largest copy", low=1, high=3)
    p: float = option(0.5, "how often a picture is blurred", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one factor per picture."""
        factor = draw.value(self.factor, "factor")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Average enlarged copies."""
            import cv2

            height, width = pixels.shape[:2]
            count = min(40, math.ceil((factor[i] - 1) * max(height, width) / 2) + 1)
            total = np.zeros(pixels.shape, np.float32)
            for zoom in 1 + (factor[i] - 1) * (np.arange(count) + 0.5) / count:
                # cv2 counts from the middle of the first pixel.
                x, y = (1 - zoom) * (width - 1) / 2, (1 - zoom) * (height - 1) / 2
                matrix = np.array([[zoom, 0, x], [0, zoom, y]])
                total += cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
            return np.rint(total / count).astype(np.uint8)

        return (Filter(op="zoom-blur", chosen=np.asarray(draw.uniform("chosen") < self.p), apply=changed),)
