"""`count-noise`: grain of whole numbers."""

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
class CountNoise(Op, kind="count-noise"):
    """Add Poisson numbers of either sign to every level, whatever the level is.

    `PoissonNoise` is that of light, which grows with the level.
    """

    mean: Param = option((2.0, 12.0), "of the numbers before they get a sign, in levels", low=0, high=255)
    grey: bool = option(False, "the same noise in all channels")
    p: float = option(0.5, "how often a picture is noisy", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one mean per picture; each pixel's noise is drawn when it is added."""
        mean, generator = draw.value(self.mean, "mean"), draw.generators("noise")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            shape, numbers = (*pixels.shape[:2], 1) if self.grey else pixels.shape, generator(i)
            sign = 2 * numbers.integers(0, 1, size=shape, endpoint=True) - 1
            return np.clip(pixels + sign * numbers.poisson(mean[i], shape), 0, 255).astype(np.uint8)

        return (Filter(op="count-noise", chosen=draw.chosen(self.p), apply=changed),)
