"""`directed-edges`: edges that face a side."""

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
class DirectedEdges(Op, kind="directed-edges"):
    """Blend pictures with their slope toward a side: where levels rise that way, by the Sobel kernels."""

    deg: Param = option(
        (0.0, 360.0), "where levels rise, clockwise from the right", unit="deg", low=-360, high=360
    )
    share: Param = option((0.2, 0.7), "weight of the edges", low=0, high=1)
    p: float = option(0.5, "how often a picture is blended", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one side and one weight per picture."""
        share, angle = draw.value(self.share, "share"), np.deg2rad(draw.value(self.deg, "deg"))

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            import cv2

            across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4
            kernel = np.cos(angle[i]) * across + np.sin(angle[i]) * across.T
            slope = cv2.filter2D(pixels, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT_101)
            return np.rint(pixels + np.float32(share[i]) * (np.clip(slope, 0, 255) - pixels)).astype(np.uint8)

        return (Filter(op="directed-edges", chosen=draw.chosen(self.p), apply=changed),)
