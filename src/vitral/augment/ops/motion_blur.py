"""`motion-blur`: as if the camera moved."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.neighbors import correlated
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class MotionBlur(Op, kind="motion-blur"):
    """Average along a line of random direction, which is cut where it crosses columns, or rows if steep."""

    length_px: Param = option((3.0, 9.0), "of the line", unit="px", low=1, high=100)
    deg: Param = option((0.0, 180.0), "its direction", unit="deg", low=-360, high=360)
    p: float = option(0.5, "how often a picture is blurred", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one line per picture."""
        length = draw.value(self.length_px, "length_px")
        angle = np.deg2rad(draw.value(self.deg, "deg"))

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            return correlated(pixels, _line(float(length[i]), float(angle[i])))

        return (Filter(op="motion-blur", chosen=draw.chosen(self.p), apply=changed),)


def _line(length: float, angle: float) -> NDArray[np.float32]:
    """The weights of a line through the middle, cut where it crosses the pixels of the axis that it is near.

    Each piece is shared between two pixels, so that any direction is smooth.
    """
    along, aside = math.cos(angle), math.sin(angle)
    steep = abs(along) < abs(aside)
    if steep:
        along, aside = aside, along
    half = abs(along) * (length - 1) / 2
    reach = math.ceil(half) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for step in range(-reach, reach + 1):
        place = reach + step * aside / along
        row, part = math.floor(place), place - math.floor(place)
        weight = _tent(half - step) - _tent(-half - step) if half > 0 else float(step == 0)
        kernel[row, reach + step] += weight * (1 - part)
        if part > 0:
            kernel[row + 1, reach + step] += weight * part
    kernel /= kernel.sum()
    return np.ascontiguousarray(kernel.T) if steep else kernel


def _tent(end: float) -> float:
    """How much of a tent from -1 to 1 lies before a place."""
    inside = min(max(end, -1.0), 1.0)
    return (1 + inside) ** 2 / 2 if inside < 0 else 1 - (1 - inside) ** 2 / 2
