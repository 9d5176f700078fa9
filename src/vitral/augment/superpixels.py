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

_LONGEST, _ROUNDS = 128, 5


@dataclass(frozen=True, kw_only=True)
class Superpixels(Op, kind="superpixels"):
    """Replace patches of similar pixels by their average color.

    Source:
        Achanta et al. 2012, "SLIC superpixels compared to state-of-the-art superpixel methods",
        algorithm 1, in the form of Ren and Reid 2011, "gSLIC": a pixel looks at the nine patches of the
        grid around it. Departures: on a picture of at most 128 pixels a side; patches may fall apart.
    """

    count: Param = option((60.0, 300.0), "patches, about", low=1, high=2000)
    compactness: float = option(10.0, "how much place counts against color", low=1, high=100)
    share: Param = option((0.5, 1.0), "patches that are replaced", low=0, high=1)
    p: float = option(0.5, "how often a picture falls into patches", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one number of patches per picture; which are replaced is drawn when it is needed."""
        count, share = draw.value(self.count, "count"), draw.value(self.share, "share")
        generator = draw.generators("replaced")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Find patches on a small copy and average them in the picture."""
            import cv2

            height, width = pixels.shape[:2]
            shrink = min(1.0, _LONGEST / max(height, width))
            size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
            small = pixels if shrink == 1 else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
            patches = _patches(np.asarray(small, np.uint8), float(count[i]), self.compactness)
            total = int(patches.max()) + 1
            if shrink < 1:
                grown = cv2.resize(patches.astype(np.int16), (width, height), interpolation=cv2.INTER_NEAREST)
                patches = np.asarray(grown).astype(np.int64)
            flat = patches.ravel()
            many = np.maximum(np.bincount(flat, minlength=total), 1)
            sums = [np.bincount(flat, pixels[..., c].ravel(), minlength=total) for c in range(3)]
            averages = np.rint(np.stack(sums, axis=1) / many[:, None]).astype(np.uint8)
            replaced = generator(i).random(total) < share[i]
            return np.where(replaced[patches][..., None], averages[patches], pixels)

        return (Filter(op="superpixels", chosen=np.asarray(draw.uniform("chosen") < self.p), apply=changed),)


def _patches(pixels: NDArray[np.uint8], count: float, compactness: float) -> Int[NDArray[np.int64], "h w"]:
    """The number of each pixel's patch."""
    import cv2

    height, width = pixels.shape[:2]
    side = max(math.sqrt(height * width / count), 1.0)
    rows, columns = max(1, round(height / side)), max(1, round(width / side))
    y, x = np.indices((height, width))
    row, column = y * rows // height, x * columns // width
    lab = np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))
    place = np.stack([y, x], axis=2) * (compactness / side)
    features = np.concatenate([lab, place], axis=2).astype(np.float32)
    found = row * columns + column
    for _ in range(_ROUNDS):
        many = np.maximum(np.bincount(found.ravel(), minlength=rows * columns), 1)
        sums = [
            np.bincount(found.ravel(), part.ravel(), rows * columns) for part in np.moveaxis(features, 2, 0)
        ]
        centers = (np.stack(sums, axis=1) / many[:, None]).astype(np.float32)
        nearest = np.full((height, width), np.inf, np.float32)
        for dy, dx in np.ndindex(3, 3):
            other_row, other_column = row + dy - 1, column + dx - 1
            inside = (other_row >= 0) & (other_row < rows) & (other_column >= 0) & (other_column < columns)
            other = np.where(inside, other_row * columns + other_column, found)
            distance = ((features - centers[other]) ** 2).sum(axis=2)
            better = inside & (distance < nearest)
            nearest, found = np.where(better, distance, nearest), np.where(better, other, found)
    return found
