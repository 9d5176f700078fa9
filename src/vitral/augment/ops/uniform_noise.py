"""`uniform-noise`: grain within bounds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.grain import EVEN, grained
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class UniformNoise(Op, kind="uniform-noise"):
    """Add a number to every level; all within a range around zero are alike."""

    reach: Param = option((5.0, 20.0), "the largest number, in levels", low=0, high=255)
    grey: bool = option(False, "the same noise in all channels")
    p: float = option(0.5, "how often a picture is noisy", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one reach per picture; each pixel's noise is drawn when it is added."""
        reach, keys = draw.value(self.reach, "reach"), draw.keys("noise")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            return grained(pixels, keys[i], EVEN, plus=float(reach[i]), grey=self.grey)

        return (
            Filter(op="uniform-noise", chosen=np.asarray(draw.uniform("chosen") < self.p), apply=changed),
        )
