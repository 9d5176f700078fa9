"""`grid-mask`: a grid of rectangles is covered."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Cover, Stage
from vitral.augment.variables import Numbers, Param, variable
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class GridMask(Op, kind="grid-mask"):
    """Cover the same part of each cell of a grid, which begins at a random place.

    Source:
        Chen et al. 2020, arXiv:2001.04086, section 3. Departures: cells are shares of the picture's
        sides, so that they have its shape, and the grid is upright; what is covered is a level of grey.
    """

    cells: Param = option((2.0, 6.0), "of the grid, along each side", low=1, high=16)
    share: Param = option((0.4, 0.6), "of a cell's side that is covered", low=0, high=1)
    level: Param = option(0.0, "what covers", low=0, high=255)
    p: float = option(0.5, "how often a picture is covered", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one grid per picture."""
        cells, share = draw.value(self.cells, "cells"), draw.value(self.share, "share")
        level = draw.value(self.level, "level")
        # As many for every batch; those that lie outside cover nothing.
        most = math.ceil(variable(self.cells).bounds[1]) + 1
        x0, x1 = _spans(cells, share, draw.uniform("x"), most, frame.wide)
        y0, y1 = _spans(cells, share, draw.uniform("y"), most, frame.tall)
        across, down = np.tile(np.arange(most), most), np.repeat(np.arange(most), most)
        cover = Cover(
            op="grid-mask",
            boxes=np.stack([x0[:, across], y0[:, down], x1[:, across], y1[:, down]], axis=2),
            colors=np.broadcast_to(level[:, None, None], (len(frame), most * most, 3)),
            canvas=frame.canvas,
        )
        return (cover.only(draw.chosen(self.p), frame.canvas),)


def _spans(
    cells: Numbers, share: Numbers, start: Numbers, most: int, size: Numbers
) -> tuple[Float[NDArray[np.float64], "b n"], Float[NDArray[np.float64], "b n"]]:
    """Where what is covered begins and ends along an axis, in pixels of the canvas."""
    side = (size / cells)[:, None]
    begin = (np.arange(most) - start[:, None]) * side
    ends = np.stack([begin, begin + share[:, None] * side])
    low, high = np.clip(ends, 0.0, size[:, None])
    return low, high
