"""`pooling`: one color for each square."""

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

_POOLS = {"average": np.mean, "max": np.max, "min": np.min, "median": np.median}


@dataclass(frozen=True, kw_only=True)
class Pooling(Op, kind="pooling"):
    """Give each square of a grid one color: the average, highest, lowest or middle level of its pixels.

    Squares at the right and lower border are as small as what is left.
    """

    size_px: Param = option(Discrete(low=2, high=4), "of the squares; rounded", unit="px", low=1, high=100)
    of: str = option("average", "what becomes of the levels", choices=("average", "max", "min", "median"))
    p: float = option(0.5, "how often a picture is pooled", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one size per picture."""
        size = np.rint(draw.value(self.size_px, "size_px")).astype(np.int64)

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Pool the whole squares and, apart from them, what is left at the right and below."""
            made, step = np.empty_like(pixels), int(size[i])
            height, width = pixels.shape[:2]
            for top, bottom in _bands(height, step):
                for left, right in _bands(width, step):
                    tall, wide = min(step, bottom - top), min(step, right - left)
                    part = pixels[top:bottom, left:right].reshape(-1, tall, (right - left) // wide, wide, 3)
                    pooled = np.rint(_POOLS[self.of](part, axis=(1, 3), keepdims=True))
                    made[top:bottom, left:right] = np.broadcast_to(pooled, part.shape).reshape(
                        bottom - top, -1, 3
                    )
            return made

        return (Filter(op="pooling", chosen=draw.chosen(self.p), apply=changed),)


def _bands(length: int, step: int) -> list[tuple[int, int]]:
    """An axis as the part that whole steps fill and what is left of it."""
    whole = length // step * step
    return [(start, end) for start, end in ((0, whole), (whole, length)) if start < end]
