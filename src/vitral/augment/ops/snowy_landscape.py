"""`snowy-landscape`: snow on the ground."""

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
class SnowyLandscape(Op, kind="snowy-landscape"):
    """Multiply the lightness of all that is dark, as if snow lay on it; `Snow` draws falling flakes.

    Source:
        Saxena 2018, "Automold": the lightness of HLS below a threshold is multiplied.
    """

    threshold: Param = option((100.0, 200.0), "levels of lightness below this are changed", low=0, high=256)
    factor: Param = option((1.5, 3.0), "what they are multiplied by", low=1, high=10)
    p: float = option(0.3, "how often snow lies on a picture", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one threshold and one factor per picture."""
        threshold, factor = draw.value(self.threshold, "threshold"), draw.value(self.factor, "factor")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            from vitral.augment.kernels.hexcone import lighten

            source, made = np.ascontiguousarray(pixels).reshape(-1), np.empty(pixels.shape, np.uint8)
            lighten(source, float(threshold[i]), float(factor[i]), made.reshape(-1))
            return made

        return (Filter(op="snowy-landscape", chosen=draw.chosen(self.p), apply=changed),)
