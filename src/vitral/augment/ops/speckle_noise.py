"""`speckle-noise`: grain that grows with the light."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.grain import NORMAL, grained
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class SpeckleNoise(Op, kind="speckle-noise"):
    """Multiply each level by a normal number around 1: dark places stay clean.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, "speckle noise" of the extra corruptions.
    """

    deviation: Param = option((0.03, 0.2), "standard deviation, as a share of the level", low=0, high=2)
    grey: bool = option(False, "the same numbers in all channels")
    p: float = option(0.5, "how often a picture is noisy", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one deviation per picture; each pixel's noise is drawn when it is needed."""
        deviation, keys = draw.value(self.deviation, "deviation"), draw.keys("noise")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            return grained(pixels, keys[i], NORMAL, times=float(deviation[i]), grey=self.grey)

        return (
            Filter(op="speckle-noise", chosen=np.asarray(draw.uniform("chosen") < self.p), apply=changed),
        )
