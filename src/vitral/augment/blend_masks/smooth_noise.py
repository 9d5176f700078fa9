"""`smooth-noise`: soft patches of several sizes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.blend_masks.blend_mask import BlendMask, Weigh, Weights
from vitral.augment.blend_masks.parted import parted
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.ops.clouds import clouds
from vitral.augment.variables import Discrete, Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class SmoothNoise(BlendMask, kind="smooth-noise"):
    """Soft patches of one branch within the other, as clouds."""

    cells: Param = option(
        Discrete(low=2, high=6), "of the coarsest grid, along the longer side; rounded", low=1, high=200
    )
    octaves: int = option(3, "grids, each twice as fine as the one before", low=1, high=10)
    steepness: Param = option((0.0, 20.0), "how sharply patches end; 0: not at all", low=0, high=200)

    def prepared(self, draw: Draw, frame: Frame) -> Weigh:
        """Draw a size and a steepness per picture; patches are drawn when they are needed."""
        cells = np.rint(draw.value(self.cells, "cells")).astype(np.int64)
        steepness, generator = draw.value(self.steepness, "steepness"), draw.generators("patches")

        def weights(pixels: NDArray[np.uint8], i: int) -> Weights:
            size = pixels.shape[:2]
            made = clouds(generator(i), *size, coarsest=int(cells[i]), octaves=self.octaves)
            return parted(made, float(steepness[i]))[..., None]

        return weights
