"""Class numbers out of the bytes of a mask that stands beside a picture in a table or an archive."""

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.data.decode import MAX_PIXELS
from vitral.data.pillow_pixels import check_memory, check_size, opened


def mask_numbers(data: bytes | memoryview) -> UInt8[NDArray[np.uint8], "h w"]:
    """The numbers in a picture with a palette, or in a grey one.

    Raises:
        ValueError: it has more than one number for each pixel; the text is the reason alone.
    """
    with opened(data, MAX_PIXELS) as picture:
        check_size(picture.height, picture.width, MAX_PIXELS)
        check_memory(picture.height * picture.width)
        if picture.mode not in ("L", "P", "1"):
            raise ValueError(f"must hold one byte per pixel (grey or a palette), got the mode {picture.mode}")
        return np.array(picture, dtype=np.uint8)
