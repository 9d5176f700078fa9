"""Which way is up: the orientation a camera wrote, and pixels turned by it."""

import struct

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

_TAG_ORIENTATION = 0x0112
_SHORT = 3
EXIF_START = b"Exif\0\0"


def exif_orientation(exif: bytes) -> int:
    """The orientation in a block of EXIF data, 1 to 8; 1 (upright) when it names none."""
    tiff = exif.removeprefix(EXIF_START)
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at)
            if tag == _TAG_ORIENTATION:
                return value if kind == _SHORT and 1 <= value <= 8 else 1
    except struct.error:  # The block is cut short; the picture itself may be whole.
        return 1
    return 1


def upright(
    pixels: UInt8[NDArray[np.uint8], "h w c=3"], orientation: int
) -> UInt8[NDArray[np.uint8], "H W c=3"]:
    """Turn and mirror pixels so that a person sees them as the camera meant.

    Args:
        pixels: as stored in the file.
        orientation: 1 to 8 as in EXIF.
    Source:
        Exif 2.32, section 4.6.4 A, "Orientation".
    """
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    # After the transpose: 2 and 6 and 7 mirror left and right, 4 and 7 and 8 top and bottom, 3 both.
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
