"""`canny`: thin edges in place of surfaces."""

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
class Canny(Op, kind="canny"):
    """Blend pictures with their edges: white lines of one pixel on black.

    Source:
        Canny 1986, "A computational approach to edge detection".
    """

    low: Param = option((60.0, 140.0), "slope at which an edge that is found goes on", low=0, high=1000)
    high: Param = option((160.0, 240.0), "slope at which an edge is found", low=0, high=1000)
    share: Param = option((0.2, 0.7), "weight of the edges", low=0, high=1)
    p: float = option(0.5, "how often a picture is blended", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw two thresholds and a weight per picture."""
        low, high = draw.value(self.low, "low"), draw.value(self.high, "high")
        share = draw.value(self.share, "share")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            import cv2

            grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
            edges = np.asarray(cv2.Canny(grey, float(low[i]), float(high[i])), np.float32)[..., None]
            return np.rint(pixels + np.float32(share[i]) * (edges - pixels)).astype(np.uint8)

        return (Filter(op="canny", chosen=draw.chosen(self.p), apply=changed),)
