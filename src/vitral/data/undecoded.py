"""Pictures of which a part can be decoded, at a fraction of their size."""

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import Undecoded
from vitral.core.undecoded import Box
from vitral.data.decode import decode


class Decoded:
    """A picture that is decoded already; its region is the whole picture."""

    def __init__(self, pixels: UInt8[NDArray[np.uint8], "h w c=3"]) -> None:
        self.pixels = pixels

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, 3."""
        height, width, _ = self.pixels.shape
        return height, width, 3

    def region(self, box: Box, *, height: int, width: int) -> tuple[UInt8[NDArray[np.uint8], "h w c=3"], Box]:
        """The picture and the box as it is."""
        return self.pixels, box


def undecoded(data: bytes | memoryview, *, name: str) -> Undecoded:
    """A picture from the bytes of its file."""
    return Decoded(decode(bytes(data), name=name))
