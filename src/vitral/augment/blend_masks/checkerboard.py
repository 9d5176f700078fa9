"""`checkerboard`: every other cell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.blend_masks.blend_mask import BlendMask, Weigh, Weights
from vitral.augment.blend_masks.cells import cell_of
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.variables import Discrete, Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Checkerboard(BlendMask, kind="checkerboard"):
    """1 in every other cell of a checkerboard and 0 in the others; which are which is drawn."""

    rows: Param = option(Discrete(low=2, high=8), "cells from top to bottom; rounded", low=1, high=500)
    columns: Param = option(Discrete(low=2, high=8), "cells from left to right; rounded", low=1, high=500)

    def prepared(self, draw: Draw, frame: Frame) -> Weigh:
        """Draw two counts per picture, and in which corner it begins."""
        rows, columns = (
            np.rint(draw.value(what, name)).astype(np.int64)
            for what, name in ((self.rows, "rows"), (self.columns, "columns"))
        )
        first = np.asarray(draw.uniform("first") < 0.5).astype(np.int64)

        def weights(pixels: NDArray[np.uint8], i: int) -> Weights:
            height, width = pixels.shape[:2]
            down, right = cell_of(height, int(rows[i])), cell_of(width, int(columns[i]))
            return ((down[:, None] + right + first[i]) % 2).astype(np.float32)[..., None]

        return weights
