"""Which way is up: the orientation a camera wrote, and pixels turned by it."""

import re
import struct

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import Image

_TAG_ORIENTATION = 0x0112
_SHORT = 3
_SILENT = 0
_KIND_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')
# After the transpose, which comes first.
MIRRORED_X = frozenset((2, 3, 6, 7))
MIRRORED_Y = frozenset((3, 4, 7, 8))
EXIF_START = b"Exif\0\0"


def exif_orientation(exif: bytes, xmp: bytes = b"") -> int:
    """The orientation in a block of EXIF data, 1 to 8; 1 (upright) when it names none.

    Args:
        exif: the block, with or without the letters before it.
        xmp: what the file says in XMP; it counts where EXIF is silent.
    """
    if not exif and not xmp:
        return 1
    found = _plain_orientation(exif.removeprefix(EXIF_START)) if exif else _SILENT
    if found is None:
        found = _odd_orientation(exif)
    if found == _SILENT:
        said = _XMP_ORIENTATION.search(xmp)
        found = int(said[1]) if said else 1
    return found if found in range(1, 9) else 1


def picture_orientation(picture: Image.Image) -> int:
    """The orientation of a picture that Pillow has loaded, 1 to 8, wherever its format keeps it."""
    try:
        found = picture.getexif().get(_TAG_ORIENTATION, 1)
    except Exception:  # On a damaged block Pillow may raise anything; the picture itself is whole.
        return 1
    return found if isinstance(found, int) and found in range(1, 9) else 1


def _plain_orientation(tiff: bytes) -> int | None:
    """The orientation in a block without a fault before it, quickly; None: Pillow has to look."""
    order = _ORDERS.get(tiff[:4])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, length, value = struct.unpack_from(f"{order}HHIH2x", tiff, at)
            size = length * _KIND_BYTES.get(kind, len(tiff))
            if tag == _TAG_ORIENTATION:
                return (value or 1) if kind == _SHORT and length == 1 else None
            if size > 4 and struct.unpack_from(f"{order}I", tiff, at + 8)[0] + size > len(tiff):
                return None
    except struct.error:
        return None
    return _SILENT


def _odd_orientation(exif: bytes) -> int:
    """What Pillow makes of a block; 1 when it cannot read it."""
    block = Image.Exif()
    try:
        block.load(exif)
        found = block.get(_TAG_ORIENTATION)
    except Exception:  # On a damaged block Pillow may raise anything; the picture itself is whole.
        return 1
    if found is None:
        return _SILENT
    return found if isinstance(found, int) and found in range(1, 9) else 1


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
    if orientation in MIRRORED_X:
        pixels = pixels[:, ::-1]
    if orientation in MIRRORED_Y:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
