"""`voronoi`: patches of one color around points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Voronoi(Op, kind="voronoi"):
    """Replace the pixels around each of some points by their average color; a pixel goes to the nearest.

    `Superpixels` follows what is in the picture; this does not. Distances are those of OpenCV's
    5 x 5 chamfer, within two hundredths of the true ones.
    """

    count: Param = option((50.0, 300.0), "points, about", low=1, high=5000)
    spread: float = option(
        1.0, "how far points may leave a regular grid: 0 not at all, 1 anywhere in their cell", low=0, high=1
    )
    anywhere: bool = option(False, "points lie anywhere, not one in each cell of a grid")
    share: Param = option((0.5, 1.0), "patches that are replaced", low=0, high=1)
    p: float = option(0.5, "how often a picture falls into patches", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one number of points per picture; where they lie is drawn when it is needed."""
        count, share = draw.value(self.count, "count"), draw.value(self.share, "share")
        generator = draw.generators("points")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Give pixels to points and average them."""
            import cv2

            numbers = generator(i)
            free = np.full(pixels.shape[:2], 255, np.uint8)
            free[self._points(numbers, *pixels.shape[:2], count=float(count[i]))] = 0
            found = cv2.distanceTransformWithLabels(
                free, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
            )
            nearest = np.asarray(found[1], np.int64)
            flat = nearest.ravel()
            total = int(flat.max()) + 1
            many = np.maximum(np.bincount(flat, minlength=total), 1)
            sums = [np.bincount(flat, pixels[..., c].ravel(), minlength=total) for c in range(3)]
            averages = np.rint(np.stack(sums, axis=1) / many[:, None]).astype(np.uint8)
            replaced = (numbers.random(total) < share[i])[nearest]
            return np.where(replaced[..., None], averages[nearest], pixels)

        return (Filter(op="voronoi", chosen=draw.chosen(self.p), apply=changed),)

    def _points(
        self, numbers: np.random.Generator, height: int, width: int, *, count: float
    ) -> tuple[Int[NDArray[np.int64], " n"], Int[NDArray[np.int64], " n"]]:
        """Rows and columns of the points."""
        if self.anywhere:
            y, x = numbers.random((2, max(1, round(count)))) * [[height], [width]]
        else:
            side = math.sqrt(height * width / count)
            rows = min(height, max(1, round(height / side)))
            columns = min(width, max(1, round(width / side)))
            y, x = np.indices((rows, columns)).reshape(2, -1) + 0.5
            y, x = np.stack([y, x]) + self.spread * (numbers.random((2, rows * columns)) - 0.5)
            y, x = y * (height / rows), x * (width / columns)
        last = ((height - 1,), (width - 1,))
        row, column = np.minimum(np.stack([y, x]).astype(np.int64), last)
        return row, column
