"""`Header`: the first bytes of a compressed picture, which say what it is and what it was made with."""

import struct
from dataclasses import dataclass

from vitral.codec.tables import MOST_QUALITIES
from vitral.core import FileFormatError, ShapeError

MAGIC = b"VTL"
FORMAT_VERSION, CODER_VERSION = 1, 1
MOST_SIDE_PX = 65_535
MOST_PIXELS = 178_956_970
"""The largest picture that `vitral.data.decode` reads, too."""
DIGEST_BYTES = 8
_LAYOUT = struct.Struct("<3sBB8sHH")
HEADER_BYTES = _LAYOUT.size
_GREY, _ALPHA = 1, 2


@dataclass(frozen=True, kw_only=True)
class Header:
    """What is known of a compressed picture before its tiles are read.

    Args:
        digest: first 8 bytes of the digest of the model file.
        height: of the picture, 1 to 65,535 px.
        width: the same.
        quality: 1 (smallest file) to 16.
        grey: whether a grey picture is to come back; the latents are the same.
        alpha: whether a plane of opacities follows the tiles.
    Raises:
        ShapeError: a picture that is too large, or has no pixels.
    """

    digest: bytes
    height: int
    width: int
    quality: int
    grey: bool = False
    alpha: bool = False

    def __post_init__(self) -> None:
        if not all(1 <= side <= MOST_SIDE_PX for side in (self.height, self.width)):
            raise ShapeError(
                f"a compressed picture: its sides must lie in [1, {MOST_SIDE_PX:,}] px, "
                f"got {self.width:,} x {self.height:,}; cut it into parts"
            )
        if self.height * self.width > MOST_PIXELS:
            raise ShapeError(
                f"a compressed picture: can have at most {MOST_PIXELS:,} pixels, "
                f"got {self.width:,} x {self.height:,}; cut it into parts"
            )
        if len(self.digest) != DIGEST_BYTES or not 1 <= self.quality <= MOST_QUALITIES:
            raise ShapeError(
                f"a compressed picture: needs {DIGEST_BYTES} bytes of digest and a quality in "
                f"[1, {MOST_QUALITIES}], got {len(self.digest)} bytes and quality {self.quality}"
            )

    def to_bytes(self) -> bytes:
        """The header as it stands in a file: 17 bytes.

        `VTL`; the versions of format and coder, 4 bits each; quality - 1 in the upper 4 bits and flags
        in the lower (1 grey, 2 alpha); 8 bytes of digest; height and width, 16 bits, little-endian.
        """
        versions = FORMAT_VERSION << 4 | CODER_VERSION
        about = (self.quality - 1) << 4 | _GREY * self.grey | _ALPHA * self.alpha
        return _LAYOUT.pack(MAGIC, versions, about, self.digest, self.height, self.width)


def read_header(data: bytes | memoryview) -> Header:
    """The header at the beginning of a compressed picture.

    Args:
        data: the file, or its first 17 bytes.
    Raises:
        FileFormatError: no `.vtl` file, cut short, of a newer version, or damaged.
    """
    if bytes(data[: len(MAGIC)]) != MAGIC:
        raise FileFormatError("this is no .vtl file: it does not begin with VTL")
    if len(data) < HEADER_BYTES:
        raise FileFormatError(f"the .vtl file is cut short: it ends inside its header ({len(data)} bytes)")
    _, versions, about, digest, height, width = _LAYOUT.unpack_from(data)
    _check_version("format", versions >> 4, FORMAT_VERSION)
    _check_version("coder", versions & 15, CODER_VERSION)
    if about & 12:
        raise FileFormatError("the .vtl file is damaged, or from a newer Vitral: it has unknown flags")
    try:
        return Header(
            digest=digest,
            height=height,
            width=width,
            quality=(about >> 4) + 1,
            grey=bool(about & _GREY),
            alpha=bool(about & _ALPHA),
        )
    except ShapeError as error:
        raise FileFormatError(f"the .vtl file is damaged: {error}") from error


def _check_version(what: str, found: int, known: int) -> None:
    if found > known:
        raise FileFormatError(
            f"the .vtl file has version {found} of the {what}, this Vitral reads up to {known}; update Vitral"
        )
    if found < 1:
        raise FileFormatError(f"the .vtl file is damaged: there is no version {found} of the {what}")
