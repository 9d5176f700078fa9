"""`regular-grid`: each cell has its own weight."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.blend_masks.blend_mask import BlendMask, Weigh, Weights, many
from vitral.augment.blend_masks.cells import cell_of
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.variables import Discrete, Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class RegularGrid(BlendMask, kind="regular-grid"):
    """One weight for each cell of a grid."""

    rows: Param = option(Discrete(low=2, high=8), "cells from top to bottom; rounded", low=1, high=500)
    columns: Param = option(Discrete(low=2, high=8), "cells from left to right; rounded", low=1, high=500)
    value: Param = option((0.0, 1.0), "drawn for each cell", low=0, high=1)

    def prepared(self, draw: Draw, frame: Frame) -> Weigh:
        """Draw two counts per picture; what the cells get is drawn when it is needed."""
        rows, columns = (
            np.rint(draw.value(what, name)).astype(np.int64)
            for what, name in ((self.rows, "rows"), (self.columns, "columns"))
        )

        def weights(pixels: NDArray[np.uint8], i: int) -> Weights:
            down, right = int(rows[i]), int(columns[i])
            cells = many(self.value, draw, "value", i, down * right).reshape(down, right)
            height, width = pixels.shape[:2]
            return cells[cell_of(height, down)[:, None], cell_of(width, right)][..., None]

        return weights
