"""`palette_png`: a mask as a picture that shows its classes in colors and keeps their numbers."""

import io

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import Image

from vitral.core import ShapeError


def palette_png(
    mask: UInt8[NDArray[np.uint8], "h w"], colors: UInt8[NDArray[np.uint8], "256 rgb=3"]
) -> bytes:
    """A mask as a PNG with a palette: what a picture viewer shows in colors, and a reader as numbers.

    Args:
        mask: class numbers; 255, not counted, stays 255.
        colors: red, green and blue of each number.
    Raises:
        ShapeError: mask or colors have another form.
    """
    if mask.ndim != 2 or not mask.size or mask.dtype != np.uint8 or colors.shape != (256, 3):
        raise ShapeError(
            f"palette_png: must be uint8 of h x w with colors of 256 x 3, got {mask.dtype} of {mask.shape} "
            f"with {colors.shape}"
        )
    picture = Image.frombytes("P", (mask.shape[1], mask.shape[0]), np.ascontiguousarray(mask).tobytes())
    picture.putpalette(colors.astype(np.uint8).tobytes())
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
