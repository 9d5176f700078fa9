"""`bilateral-blur`: smooth surfaces with sharp edges."""

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
class BilateralBlur(Op, kind="bilateral-blur"):
    """Average neighbors that are near in place and in color: surfaces get smooth, edges stay.

    Source:
        Tomasi and Manduchi 1998, "Bilateral filtering for gray and color images", eq. 5.
        Departure: colors are as far apart as the sum of their channels' differences, and neighbors lie in
        a disk of two deviations.
    """

    sigma_levels: Param = option((20.0, 80.0), "how far colors may lie apart", low=1, high=500)
    sigma_px: Param = option((1.0, 4.0), "standard deviation in place", unit="px", low=0.3, high=20)
    p: float = option(0.5, "how often a picture is blurred", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw two deviations per picture."""
        levels, sigma = draw.value(self.sigma_levels, "sigma_levels"), draw.value(self.sigma_px, "sigma_px")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Blur a picture with its two deviations."""
            import cv2

            size = 2 * math.ceil(2 * sigma[i]) + 1
            soft = cv2.bilateralFilter(
                np.ascontiguousarray(pixels),
                size,
                float(levels[i]),
                float(sigma[i]),
                borderType=cv2.BORDER_REFLECT_101,
            )
            return np.asarray(soft, np.uint8)

        return (Filter(op="bilateral-blur", chosen=draw.chosen(self.p), apply=changed),)
