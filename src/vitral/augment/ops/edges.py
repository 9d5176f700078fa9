"""`edges`: edges in place of surfaces."""

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
class Edges(Op, kind="edges"):
    """Blend pictures with the strength of their edges: the length of the Sobel slopes of each channel."""

    share: Param = option((0.2, 0.7), "weight of the edges", low=0, high=1)
    p: float = option(0.5, "how often a picture is blended", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one weight per picture."""
        share = draw.value(self.share, "share")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Blend a picture with the length of its slopes."""
            import cv2

            x, y = (
                cv2.Sobel(pixels, cv2.CV_32F, *axes, scale=0.25, borderType=cv2.BORDER_REFLECT_101)
                for axes in ((1, 0), (0, 1))
            )
            slope = np.minimum(np.sqrt(x * x + y * y), np.float32(255))
            weight = np.float32(share[i])
            return np.rint((1 - weight) * pixels + weight * slope).astype(np.uint8)

        return (Filter(op="edges", chosen=draw.chosen(self.p), apply=changed),)
