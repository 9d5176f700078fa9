"""`trail-blur`: as if things moved and left a trail."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.neighbors import correlated
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class TrailBlur(Op, kind="trail-blur"):
    """Average along a line that begins at a pixel and fades, as ImageMagick's motion blur does.

    Weights are half of a Gaussian. `MotionBlur` weighs all of a line alike, to both sides of a pixel.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3, "motion blur". Departure: points between
        pixels are shared among them, not rounded.
    """

    sigma_px: Param = option((2.0, 8.0), "of the Gaussian", unit="px", low=0.1, high=50)
    reach_px: Param = option(20.0, "where the line ends", unit="px", low=0, high=100)
    deg: Param = option(
        (-45.0, 45.0), "where it goes, clockwise from the right", unit="deg", low=-360, high=360
    )
    p: float = option(0.5, "how often a picture is blurred", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one line per picture."""
        sigma, reach = draw.value(self.sigma_px, "sigma_px"), draw.value(self.reach_px, "reach_px")
        angle = np.deg2rad(draw.value(self.deg, "deg"))

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            return correlated(pixels, trail(float(reach[i]), float(sigma[i]), float(angle[i])))

        return (Filter(op="trail-blur", chosen=draw.chosen(self.p), apply=changed),)


def trail(reach: float, sigma: float, angle: float) -> Float[NDArray[np.float32], "side side"]:
    """The weights of a trail, for a correlation.

    Args:
        reach: how far it goes, in pixels.
        sigma: of the Gaussian.
        angle: where it goes, in radians clockwise from the right.
    """
    steps = np.arange(int(min(reach, 4 * sigma)) + 1)
    middle = len(steps)
    kernel = np.zeros((2 * middle + 1, 2 * middle + 1))
    for step, weight in zip(steps, np.exp(-(steps**2) / (2 * sigma**2)), strict=True):
        x, y = middle + step * np.cos(angle), middle + step * np.sin(angle)
        left, top = int(np.floor(x)), int(np.floor(y))
        u, v = x - left, y - top
        kernel[top : top + 2, left : left + 2] += weight * np.outer((1 - v, v), (1 - u, u))
    return (kernel / kernel.sum()).astype(np.float32)
