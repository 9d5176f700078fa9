"""`shrunk`: pictures made small by averages of areas."""

import numpy as np
from numpy.typing import NDArray


def shrunk(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Average areas, to a size that is no larger than that of the picture along either axis."""
    from vitral.augment.kernels.areas import shrink

    tall, wide = pixels.shape[:2]
    made = np.empty((height, width, 3), np.uint8)
    shrink(np.ascontiguousarray(pixels).reshape(-1), tall, wide, made)
    return made
