"""`Undecoded`: a picture whose size is known and whose pixels are made when they are asked for."""

from typing import Protocol

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""x0 y0 x1 y1 in the continuous frame of a picture, in pixels."""


class Undecoded(Protocol):
    """What a loader may put into a batch instead of pixels, so that only what is seen is decoded."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and 3, upright, as the decoded picture will have them."""
        ...

    def region(self, box: Box, *, height: int, width: int) -> tuple[UInt8[NDArray[np.uint8], "h w c=3"], Box]:
        """Pixels that cover a box, and where the box lies in them.

        The pixels may be a part of the picture, and they may be smaller by a half, a quarter or an
        eighth when the box still has at least height x width of them.

        Args:
            box: what will be seen; it may reach beyond the picture, where there are no pixels.
            height: rows that will be made of the box.
            width: columns that will be made of the box.
        Raises:
            ImageError: the picture cannot be decoded.
        """
        ...
