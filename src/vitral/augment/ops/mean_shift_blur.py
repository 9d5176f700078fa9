"""`mean-shift-blur`: flat surfaces, sharp edges."""

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
class MeanShiftBlur(Op, kind="mean-shift-blur"):
    """Let each pixel climb to where similar pixels are densest, and take the color from there.

    Source:
        Comaniciu and Meer 2002, "Mean shift: a robust approach toward feature space analysis", in the
        form of OpenCV's `pyrMeanShiftFiltering`.
    """

    reach_px: Param = option((3.0, 15.0), "how far it looks around", unit="px", low=1, high=50)
    reach_levels: Param = option((10.0, 40.0), "how far colors may differ", low=1, high=255)
    p: float = option(0.5, "how often a picture is blurred", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw two reaches per picture."""
        far, apart = draw.value(self.reach_px, "reach_px"), draw.value(self.reach_levels, "reach_levels")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            import cv2

            return np.asarray(cv2.pyrMeanShiftFiltering(pixels, float(far[i]), float(apart[i])), np.uint8)

        return (Filter(op="mean-shift-blur", chosen=draw.chosen(self.p), apply=changed),)
