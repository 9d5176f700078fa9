"""Class numbers out of the bytes of a mask: a file of its own, or one in a table or an archive."""

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from vitral.data.decode import MAX_PIXELS
from vitral.data.orientation import exif_orientation, upright
from vitral.data.pillow_pixels import check_memory, check_size, opened

_COLORS = ("RGB", "RGBA", "LA")
_MOST_GREY = 0.01  # Share of the pixels of a black and white JPEG that its edges leave in between.


def mask_numbers(data: bytes | memoryview) -> UInt8[NDArray[np.uint8], "h w"]:
    """The numbers in a picture with a palette, or in a grey one; upright by its own EXIF.

    Color is read where red, green and blue are the same number, 16 bits where 8 would do. A JPEG
    does not keep numbers: it is read as 0 and 255 where it is black and white, and refused elsewhere.

    Raises:
        ValueError: it has more than one number for each pixel; the text is the reason alone.
    """
    with opened(data, MAX_PIXELS) as picture:
        if picture.format == "PNG":
            _verify(picture)
    with opened(data, MAX_PIXELS) as picture:
        check_size(picture.height, picture.width, MAX_PIXELS)
        check_memory(picture.height * picture.width * max(1, len(picture.getbands())))
        numbers = _numbers(picture)
        # A TIFF was turned by Pillow while loading. PNG may name its orientation after the pixels.
        orientation = 1 if picture.format == "TIFF" else exif_orientation(picture.info.get("exif") or b"")
        if picture.format == "JPEG":
            numbers = _black_and_white(numbers)
    return upright(numbers[:, :, None], orientation)[:, :, 0]


def _verify(picture: ImageFile) -> None:
    """Check what reading a PNG passes over: checksums, and its end."""
    try:
        picture.verify()
    except (SyntaxError, OSError, ValueError) as error:
        raise ValueError(f"is damaged ({error})") from error


def _numbers(picture: Image.Image) -> UInt8[NDArray[np.uint8], "h w"]:
    mode = picture.mode
    if mode in ("L", "P", "1"):
        return np.array(picture, dtype=np.uint8)
    if mode in _COLORS:
        channels = np.asarray(picture)
        grey = channels[:, :, 0]
        same = (channels[:, :, : 1 if mode == "LA" else 3] == grey[:, :, None]).all()
        if same and (mode == "RGB" or (channels[:, :, -1] == 255).all()):
            return grey.copy()
    if mode.startswith("I"):
        numbers = np.asarray(picture)
        if 0 <= numbers.min() <= numbers.max() <= 255:
            return numbers.astype(np.uint8)
        raise ValueError(f"must hold numbers from 0 to 255, got {numbers.min()} to {numbers.max()}")
    raise ValueError(
        f"must hold one byte per pixel (grey or a palette), got the mode {mode}; "
        "turn its colors into class numbers first"
    )


def _black_and_white(numbers: UInt8[NDArray[np.uint8], "h w"]) -> UInt8[NDArray[np.uint8], "h w"]:
    white = numbers >= 128
    between = ((numbers >= 64) & (numbers < 192)).mean()
    # Black alone is exactly 0 in a JPEG; small numbers without any white are classes.
    if between > _MOST_GREY or (numbers.any() and not white.any()):
        raise ValueError("must be a PNG: a JPEG does not keep class numbers, only black and white")
    return np.where(white, np.uint8(255), np.uint8(0))
