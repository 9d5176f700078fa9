"""What a JPEG says of itself before its first pixel."""

import struct
from dataclasses import dataclass

from vitral.data.orientation import EXIF_START, exif_orientation

# Start of frame: every kind but 0xC4 (Huffman tables), 0xC8 (reserved) and 0xCC (arithmetic tables).
_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))
# Where the frame header usually is; a color profile or a preview may push it farther.
HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """What a JPEG says of itself before its first pixel.

    Args:
        height: rows as stored, before it is turned upright.
        width: columns as stored.
        channels: 1 grey, 3 color, 4 CMYK.
        bits: per channel.
        process: the marker of its frame, 0xC0 to 0xCF.
        orientation: 1 to 8 as in EXIF.
        frame_at: offset of the frame header's marker in the file.
    """

    height: int
    width: int
    channels: int
    bits: int
    process: int
    orientation: int
    frame_at: int

    @property
    def huffman(self) -> bool:
        """Whether it is of one of the usual kinds: baseline, extended or progressive, Huffman-coded."""
        return 0xC0 <= self.process <= 0xC2

    @property
    def progressive(self) -> bool:
        """Whether all coefficients must be kept in memory until the end."""
        return self.process == 0xC2

    @property
    def upright_size(self) -> tuple[int, int]:
        """Height and width as a person sees it."""
        turned = self.orientation >= 5
        return (self.width, self.height) if turned else (self.height, self.width)


def jpeg_header(data: bytes | memoryview) -> JpegHeader | None:
    """Read the markers up to the frame header; None when they make no sense.

    Source:
        ITU-T T.81 (1992), annex B; Exif 2.32, section 4.7.2.
    """
    if isinstance(data, bytes):
        return _header(data)
    found = _header(bytes(data[:HEAD_BYTES]))
    return found if found is not None or len(data) <= HEAD_BYTES else _header(bytes(data))


def _header(data: bytes) -> JpegHeader | None:
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
            return JpegHeader(height, width, channels, bits, marker, orientation, at)
        length = data[at + 2] << 8 | data[at + 3]
        if length < 2:
            return None
        if marker == 0xE1 and data.startswith(EXIF_START, at + 4):
            orientation = exif_orientation(data[at + 4 : at + 2 + length])
        at += 2 + length
    return None
