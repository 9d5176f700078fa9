"""Which way is up: the orientation a camera wrote, and pixels turned by it."""

import struct
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

_TAG_ORIENTATION = 0x0112
_SHORT = 3
_EXIF = b"Exif\0\0"
# Start of frame: every kind but 0xC4 (Huffman tables), 0xC8 (reserved) and 0xCC (arithmetic tables).
_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """What a JPEG says of itself before its first pixel."""

    height: int
    width: int
    channels: int
    bits: int
    process: int
    orientation: int


def jpeg_header(data: bytes) -> JpegHeader | None:
    """Read the markers up to the frame header; None when they make no sense.

    Source:
        ITU-T T.81 (1992), annex B; Exif 2.32, section 4.7.2.
    """
    at, orientation, last = 2, 1, len(data) - 10
    while at <= last:
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # Markers may be preceded by any number of fill bytes.
            at += 1
            continue
        if marker in _ALONE:
            at += 2
            continue
        if marker in _FRAME:
            bits, height, width, channels = struct.unpack_from(">BHHB", data, at + 4)
            return JpegHeader(height, width, channels, bits, marker, orientation)
        length = data[at + 2] << 8 | data[at + 3]
        if length < 2:
            return None
        if marker == 0xE1 and data.startswith(_EXIF, at + 4):
            orientation = exif_orientation(data[at + 4 : at + 2 + length])
        at += 2 + length
    return None


def exif_orientation(exif: bytes) -> int:
    """The orientation in a block of EXIF data, 1 to 8; 1 (upright) when it names none."""
    tiff = exif.removeprefix(_EXIF)
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
