"""`median-blur`: without specks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.neighbors import medians
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Discrete, Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class MedianBlur(Op, kind="median-blur"):
    """Replace each level by the median around it."""

    size_px: Param = option(Discrete(low=1, high=2), "how far around; rounded", unit="px", low=0, high=20)
    p: float = option(0.5, "how often a picture is blurred", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one size per picture."""
        size = np.rint(draw.value(self.size_px, "size_px")).astype(np.int64)

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            return medians(pixels, int(size[i]))

        return (Filter(op="median-blur", chosen=draw.chosen(self.p), apply=changed),)
