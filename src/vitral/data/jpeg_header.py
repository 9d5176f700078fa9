"""What a JPEG says of itself before its first pixel."""

import struct
from dataclasses import dataclass

from vitral.data.orientation import EXIF_START, exif_orientation

# Start of frame: every kind but 0xC4 (Huffman tables), 0xC8 (reserved) and 0xCC (arithmetic tables).
_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))
_SCAN = 0xDA
_RESTARTS = 0xDD
_APP1 = 0xE1
_XMP_START = b"http://ns.adobe.com/xap/1.0/\0"
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
        scan_channels: channels in its first scan; 0: not known.
        restarts: whether restart markers come in its scans.
    """

    height: int
    width: int
    channels: int
    bits: int
    process: int
    orientation: int
    frame_at: int
    scan_channels: int
    restarts: bool

    @property
    def huffman(self) -> bool:
        """Whether it is of one of the usual kinds: baseline, extended or progressive, Huffman-coded."""
        return 0xC0 <= self.process <= 0xC2

    @property
    def progressive(self) -> bool:
        """Whether all coefficients must be kept in memory until the end."""
        return self.process == 0xC2 or self.scan_channels < self.channels

    @property
    def upright_size(self) -> tuple[int, int]:
        """Height and width as a person sees it."""
        turned = self.orientation >= 5
        return (self.width, self.height) if turned else (self.height, self.width)


def jpeg_header(data: bytes | memoryview) -> JpegHeader | None:
    """Read the markers up to the first scan; None when they make no sense.

    Source:
        ITU-T T.81 (1992), annex B; Exif 2.32, section 4.7.2.
    """
    if isinstance(data, bytes):
        return _header(data)
    found = _header(bytes(data[:HEAD_BYTES]))
    known = found is not None and found.scan_channels > 0
    return found if known or len(data) <= HEAD_BYTES else _header(bytes(data))


def _header(data: bytes) -> JpegHeader | None:
    at, last, frame, scan_channels, restarts = 2, len(data) - 10, 0, 0, False
    exif = xmp = b""
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
        if marker == _SCAN:
            scan_channels = data[at + 4]
            break
        length = data[at + 2] << 8 | data[at + 3]
        if length < 2 or (frame and marker in _FRAME):
            return None
        if marker in _FRAME:
            frame = at
        elif marker == _RESTARTS:
            restarts = data[at + 4] != 0 or data[at + 5] != 0
        elif marker == _APP1 and data.startswith(EXIF_START, at + 4):
            # A block longer than a segment goes on in the next one.
            start = at + 4 + (len(EXIF_START) if exif else 0)
            exif += data[start : at + 2 + length]
        elif marker == _APP1 and data.startswith(_XMP_START, at + 4):
            xmp = data[at + 4 + len(_XMP_START) : at + 2 + length]
        at += 2 + length
    if not frame:
        return None
    bits, height, width, channels = struct.unpack_from(">BHHB", data, frame + 4)
    turned = exif_orientation(exif, xmp)
    process = data[frame + 1]
    return JpegHeader(height, width, channels, bits, process, turned, frame, scan_channels, restarts)
