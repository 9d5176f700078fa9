"""`glass-blur`: as through frosted glass."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Discrete, Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class GlassBlur(Op, kind="glass-blur"):
    """Let each pixel show a random neighbor, some times over, and blur before and after.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3. Departure: pixels are taken from their
        neighbors, not swapped with them, all at once.
    """

    reach_px: Param = option(
        Discrete(low=1, high=3), "how far a neighbor may lie; rounded", unit="px", low=0, high=30
    )
    sigma_px: float = option(0.7, "of the blur", unit="px", low=0.1, high=20)
    rounds: int = option(2, "how often neighbors are taken", low=1, high=10)
    p: float = option(0.5, "how often a picture is blurred", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one reach per picture; each pixel's neighbor is drawn when it is needed."""
        reach, generator = (
            np.rint(draw.value(self.reach_px, "reach_px")).astype(np.int64),
            draw.generators("places"),
        )

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Blur, take neighbors some times over, and blur again."""
            import cv2

            (height, width), numbers, far = pixels.shape[:2], generator(i), int(reach[i])
            soft = functools.partial(
                cv2.GaussianBlur, ksize=(0, 0), sigmaX=self.sigma_px, borderType=cv2.BORDER_REFLECT_101
            )
            made = np.asarray(soft(pixels), np.uint8)
            rows, columns = np.indices((height, width), sparse=True)
            for _ in range(self.rounds):
                dy, dx = numbers.integers(-far, far, size=(2, height, width), endpoint=True)
                made = made[np.clip(rows + dy, 0, height - 1), np.clip(columns + dx, 0, width - 1)]
            return np.asarray(soft(made), np.uint8)

        return (Filter(op="glass-blur", chosen=draw.chosen(self.p), apply=changed),)
