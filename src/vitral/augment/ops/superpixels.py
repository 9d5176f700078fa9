"""`superpixels`: patches of one color that follow edges."""

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

_LONGEST, _ROUNDS, _SMALL = 512, 5, 0.33


@dataclass(frozen=True, kw_only=True)
class Superpixels(Op, kind="superpixels"):
    """Replace patches of similar pixels by their average color.

    Source:
        Achanta et al. 2012, "SLIC superpixels compared to state-of-the-art superpixel methods",
        algorithm 1, in the form of Ren and Reid 2011, "gSLIC": a pixel looks at the nine patches of the
        grid around it. Departures: on a picture of at most 512 pixels a side; connected pieces of less
        than a third of a patch join the neighbor of the most similar color, not the largest one.
    """

    count: Param = option((60.0, 300.0), "patches, about", low=1, high=2000)
    compactness: float = option(20.0, "how much place counts against color", low=1, high=100)
    share: Param = option((0.5, 1.0), "patches that are replaced", low=0, high=1)
    p: float = option(0.5, "how often a picture falls into patches", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one number of patches per picture; which are replaced is drawn when it is needed."""
        count, share = draw.value(self.count, "count"), draw.value(self.share, "share")
        generator = draw.generators("replaced")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Find patches, on a small copy of a large picture, and average them in the picture."""
            import cv2

            from vitral.augment.kernels.slic import paint

            pixels = np.ascontiguousarray(pixels)
            height, width = pixels.shape[:2]
            shrink = min(1.0, _LONGEST / max(height, width))
            small = pixels
            if shrink < 1:
                size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
                small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
            found, total = _patches(small, float(count[i]), self.compactness)
            if shrink < 1:
                grown = cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST)
                found = np.asarray(grown, np.int32)
            replaced, made = generator(i).random(total) < share[i], np.empty(pixels.shape, np.uint8)
            paint(pixels, found, replaced.astype(np.uint8), made)
            return made

        return (Filter(op="superpixels", chosen=draw.chosen(self.p), apply=changed),)


def _patches(
    pixels: NDArray[np.uint8], count: float, compactness: float
) -> tuple[Int[NDArray[np.int32], "h w"], int]:
    """The number of each pixel's patch, and how many patches there are."""
    import cv2

    from vitral.augment.kernels.slic import find_patches, join_small

    height, width = pixels.shape[:2]
    side = max(math.sqrt(height * width / count), 1.0)
    rows, columns = max(1, round(height / side)), max(1, round(width / side))
    lab = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB))
    planes = np.ascontiguousarray(lab.transpose(2, 0, 1), dtype=np.float32)
    planes[0] *= 100 / 255
    found = np.empty((height, width), np.int32)
    find_patches(planes, rows, columns, (compactness / side) ** 2, _ROUNDS, found)
    return found, join_small(planes, math.ceil(_SMALL * side**2), found)
