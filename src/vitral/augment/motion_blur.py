"""`motion-blur`: as if the camera moved."""

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
class MotionBlur(Op, kind="motion-blur"):
    """Average along a line of random direction."""

    length_px: Param = option((3.0, 9.0), "of the line", unit="px", low=1, high=100)
    deg: Param = option((0.0, 180.0), "its direction", unit="deg", low=-360, high=360)
    p: float = option(0.5, "how often a picture is blurred", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one line per picture."""
        length = draw.value(self.length_px, "length_px")
        angle = np.deg2rad(draw.value(self.deg, "deg"))

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            import cv2

            kernel = _line(float(length[i]), float(angle[i]))
            return np.asarray(cv2.filter2D(pixels, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.uint8)

        return (Filter(op="motion-blur", chosen=np.asarray(draw.uniform("chosen") < self.p), apply=changed),)


def _line(length: float, angle: float) -> NDArray[np.float32]:
    """The weights of a line through the middle, drawn point by point so that any direction is smooth."""
    reach = int(np.ceil(length / 2))
    kernel = np.zeros((2 * reach + 3, 2 * reach + 3), np.float32)
    for step in np.linspace(-(length - 1) / 2, (length - 1) / 2, 8 * reach + 1):
        x, y = reach + 1 + step * np.cos(angle), reach + 1 + step * np.sin(angle)
        left, top = int(np.floor(x)), int(np.floor(y))
        u, v = x - left, y - top
        kernel[top : top + 2, left : left + 2] += np.outer((1 - v, v), (1 - u, u))
    return kernel / kernel.sum()
