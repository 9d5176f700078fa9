"""`zoom-blur`: as if the lens was zoomed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option

_FEW, _MOST = 8, 42


@dataclass(frozen=True, kw_only=True)
class ZoomBlur(Op, kind="zoom-blur"):
    """Average the picture with enlarged copies of itself, as if the lens was zoomed meanwhile.

    Sizes are spread evenly. Many copies are made in two steps: a few enlargements are averaged, and what
    comes of it is enlarged a few times more.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3. Departure: copies lie so close together
        that none moves by more than a pixel against the next, but there are 42 at most.
    """

    factor: Param = option((1.02, 1.12), "size of the largest copy", low=1, high=3)
    p: float = option(0.5, "how often a picture is blurred", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one factor per picture."""
        factor = draw.value(self.factor, "factor")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Average enlarged copies."""
            tall, wide = pixels.shape[:2]
            count = min(_MOST, math.ceil((factor[i] - 1) * max(tall, wide) / 2) + 1)
            levels = pixels.reshape(tall, 3 * wide).astype(np.float32)
            if count <= _FEW:
                zooms = 1 + (factor[i] - 1) * (np.arange(count) + 0.5) / count
                levels = _averaged(levels, zooms, np.ones(count))
                return np.rint(levels).astype(np.uint8).reshape(pixels.shape)
            first = math.isqrt(count - 1) + 1
            second = math.ceil(count / first)
            # Sizes that are multiplied are spaced by a factor; each weighs as much as it stands for.
            step = float(factor[i]) ** (1 / (first * second))
            for zooms in (step ** (np.arange(first) + 0.5), step ** (first * np.arange(second))):
                levels = _averaged(levels, zooms, zooms)
            return np.rint(levels).astype(np.uint8).reshape(pixels.shape)

        return (Filter(op="zoom-blur", chosen=draw.chosen(self.p), apply=changed),)


def _averaged(
    levels: Float[NDArray[np.float32], "h w*3"],
    zooms: Float[NDArray[np.float64], " n"],
    weights: Float[NDArray[np.float64], " n"],
) -> Float[NDArray[np.float32], "h w*3"]:
    """The weighted average of enlargements."""
    from vitral.augment.kernels.zooms import add_enlarged

    total = np.zeros_like(levels)
    for zoom, weight in zip(zooms, weights / weights.sum(), strict=True):
        add_enlarged(levels, zoom, weight, total)
    return total
