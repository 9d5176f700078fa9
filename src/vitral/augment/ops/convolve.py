"""`convolve`: any kernel."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.core import OptionError, option

Kernel = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Convolve(Op, kind="convolve"):
    """Weigh neighbors by a kernel, in each channel; beyond the border pixels are reflected.

    Weights stand as they lie in the picture: the upper left one is that of the neighbor above, at the
    left. They are used as given: those of a kernel that keeps surfaces add up to one.

    Raises:
        OptionError: the rows differ in length, or a side is even or longer than 63.
    """

    kernel: Kernel = option(((1.0,),), "rows of weights, each as long as the others; sides are odd")
    p: float = option(0.5, "how often a picture is changed", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012
    example = {"kernel": ((0.0, -0.5, 0.0), (-0.5, 3.0, -0.5), (0.0, -0.5, 0.0))}  # noqa: RUF012

    def __post_init__(self) -> None:
        super().__post_init__()
        tall, widths = len(self.kernel), {len(row) for row in self.kernel}
        if len(widths) != 1 or not all(side % 2 and side <= 63 for side in (tall, *widths)):
            raise OptionError(
                f"Convolve.kernel: must have odd sides of at most 63 and rows of one length, got {tall} rows "
                f"of {', '.join(map(str, sorted(widths))) or 'no'} weights"
            )
        if not all(math.isfinite(weight) for row in self.kernel for weight in row):
            raise OptionError("Convolve.kernel: must hold finite numbers")

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Change some pictures."""
        kernel = np.array(self.kernel, np.float32)

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            import cv2

            return np.asarray(cv2.filter2D(pixels, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.uint8)

        return (Filter(op="convolve", chosen=draw.chosen(self.p), apply=changed),)
