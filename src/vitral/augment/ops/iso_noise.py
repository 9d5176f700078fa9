"""`iso-noise`: the grain of a camera in the dark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.grain import NORMAL, numbers
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option

# Levels that the noise of reading out is worth; the deviation of the blur, and what undoes its damping:
# a Gaussian's weights squared add up to 1 / (4 pi sigma^2), and two numbers are spread over three channels.
_READ_OUT, _BLOTCH_PX = 16.0, 1.5
_TO_UNIT = math.sqrt(4 * math.pi) * _BLOTCH_PX * math.sqrt(1.5)


@dataclass(frozen=True, kw_only=True)
class IsoNoise(Op, kind="iso-noise"):
    """Add what a camera at high ISO adds: fine grain in lightness, and blotches of color.

    Grain grows with the root of the light, as counts of photons do; blotches are noise blurred by a Gaussian
    of 1.5 pixels, in the two directions of color that leave a pixel's grey as it is.
    """

    grain: Param = option((2.0, 10.0), "standard deviation at middle grey, in levels", low=0, high=255)
    color: Param = option((2.0, 10.0), "standard deviation of the blotches, in levels", low=0, high=255)
    p: float = option(0.5, "how often a picture is noisy", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw two deviations per picture; each pixel's noise is drawn when it is added."""
        grain, color = draw.value(self.grain, "grain"), draw.value(self.color, "color")
        grains, blots = draw.keys("grain-noise"), draw.keys("color-noise")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Add grain and blotches."""
            import cv2

            from vitral.augment.kernels.noise_bits import add_grain

            shape, blotches = pixels.shape[:2], np.zeros((*pixels.shape[:2], 2), np.float32)
            if color[i] > 0:
                raw = numbers(blots[i], NORMAL, *shape, 2)
                soft = cv2.GaussianBlur(raw, (11, 11), _BLOTCH_PX, borderType=cv2.BORDER_REFLECT_101)
                blotches = np.asarray(soft, np.float32)
            source, made = np.ascontiguousarray(pixels).reshape(-1), np.empty(pixels.shape, np.uint8)
            add_grain(
                source,
                numbers(grains[i], NORMAL, *shape).reshape(-1),
                blotches.reshape(-1),
                float(grain[i]) / math.sqrt(127.5 + _READ_OUT),
                _READ_OUT,
                float(color[i]) * _TO_UNIT,
                made.reshape(-1),
            )
            return made

        return (Filter(op="iso-noise", chosen=draw.chosen(self.p), apply=changed),)
