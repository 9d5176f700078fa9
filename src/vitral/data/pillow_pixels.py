"""Any picture Pillow can open, as uint8 sRGB: the stated result of every pixel format."""

import contextlib
import ctypes
import functools
import io
import logging
import re
import struct
import warnings
import zlib
from collections.abc import Iterator

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from vitral.data.byte_budget import DECODING
from vitral.data.orientation import picture_orientation, upright
from vitral.data.ppm_pixels import is_slow_ppm, ppm_pixels

# A closed list: other plugins of Pillow start programs (EPS) or read what is no photograph.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "DIB", "GIF", "TIFF", "PPM", "AVIF", "JPEG2000")
_PNG_START = b"\x89PNG\r\n\x1a\n"
_STARTS = (_PNG_START, b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_DEFLATE_AT_MOST = 1032
_STRIP_PIXELS = 2**20
# Pillow fills the rows of such a file in Python, a byte at a time; this is a little over a 4K screen.
_MOST_RUN_LENGTH_PIXELS = 2**23
# Pillow goes through the tiles or strips of some files in Python, about 15 µs each.
_MOST_TILES = 2**15
# What OpenJPEG keeps of each tile that a file claims, and half of the time it takes to do so.
_JPEG2000_TILE_BYTES = 20_000
_JPEG2000_LEAST_TILE_BYTES = 14
_JPEG2000_SIZE = re.compile(rb"\xff\x4f\xff\x51.{4}(.{32})", re.DOTALL)

MAX_DECODED_BYTES = 448 * 2**20
"""Memory that one picture may take while it is decoded, its pixels included."""

# Bytes per pixel that codecs hold beside Pillow's picture, and that Pillow's picture itself takes.
_CODEC_BYTES = {"WEBP": 12, "AVIF": 12, "JPEG2000": 20, "GIF": 4, "JPEG": 6, "PPM": 2}
_MODE_BYTES = {"1": 1, "L": 1, "P": 1, "LA": 4, "PA": 4, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
_MAY_NAME_ORIENTATION = ("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif")
_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")

# Pillow warns of odd metadata and of large pictures on stderr; decode() either gives the pixels or
# raises. The filter is set once, because a filter set for a moment is not safe between threads.
warnings.filterwarnings("ignore", module=r"PIL\.")
# What it logs goes to stderr too, unless somebody listens; now only where somebody does.
logging.getLogger("PIL").addHandler(logging.NullHandler())


def pillow_pixels(data: bytes | memoryview, *, max_pixels: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    """Decode the first frame of a picture, upright.

    Args:
        data: the whole file.
        max_pixels: largest height x width allowed.
    Raises:
        ValueError: the picture is broken or too large; the text is the reason alone.
    """
    if data[:8] == _PNG_START:
        _check_chunks(data)
    with opened(data, max_pixels) as picture:
        check_size(picture.height, picture.width, max_pixels)
        _check_tiles(picture)
        size = needed_bytes(picture)
        if picture.format == "JPEG2000":
            size += _JPEG2000_TILE_BYTES * _jpeg2000_tiles(picture, data)
        check_memory(size)
        with DECODING.taken(size):
            if is_slow_ppm(picture):
                return ppm_pixels(picture, data)
            picture.load()
            pixels = rgb_pixels(picture)
            # A TIFF was turned by Pillow while loading. PNG may name its orientation after the pixels.
            return upright(pixels, 1 if picture.format == "TIFF" else picture_orientation(picture))


@contextlib.contextmanager
def opened(data: bytes | memoryview, max_pixels: int) -> Iterator[ImageFile]:
    """The picture with its head read and no pixel decoded.

    Raises:
        ValueError: it is of no known format, or too large; the text is the reason alone.
    """
    _quiet_libtiff()
    try:
        with Image.open(io.BytesIO(data), formats=_formats()) as picture:
            yield picture
    except UnidentifiedImageError:
        if any(data[: len(start)] == start for start in _STARTS):
            raise ValueError("is damaged: its first bytes are those of a picture, but not the rest") from None
        raise ValueError(f"is no picture of a known format ({', '.join(_formats())})") from None
    except Image.DecompressionBombError:
        raise ValueError(f"has more than {max_pixels:,} pixels, which is the limit") from None


def needed_bytes(picture: ImageFile) -> int:
    """Memory that decoding takes at its peak, about: what the codec, Pillow and the result hold."""
    per_pixel = _CODEC_BYTES.get(picture.format or "", 0) + _MODE_BYTES.get(picture.mode, 4) + 3
    if any(picture.info.get(name) for name in _MAY_NAME_ORIENTATION):
        per_pixel += 3  # for turning it upright
    return picture.height * picture.width * per_pixel


def check_memory(size_bytes: int) -> None:
    """Refuse a picture that would take too much memory to decode.

    Raises:
        ValueError: the text is the reason alone.
    """
    if size_bytes > MAX_DECODED_BYTES:
        raise ValueError(
            f"would take {size_bytes // 2**20:,} MiB of memory to decode; the limit is "
            f"{MAX_DECODED_BYTES // 2**20:,} MiB"
        )


def check_size(height: int, width: int, max_pixels: int) -> None:
    """Refuse a size that would fill the memory, or that has no pixels at all.

    Raises:
        ValueError: the text is the reason alone.
    """
    if height < 1 or width < 1:
        raise ValueError(f"has no pixels ({width} x {height})")
    if height * width > max_pixels:
        raise ValueError(f"has {width} x {height} pixels; the limit is {max_pixels:,}")


def rgb_pixels(picture: Image.Image) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    """The pixels of a loaded picture, in any mode, as uint8 sRGB.

    Grey is replicated; 16-bit grey becomes v / 257, rounded; of 16-bit color Pillow keeps the high
    byte; what is transparent is laid over white. Color profiles and gamma are not applied.

    Raises:
        ValueError: the values have no stated range (floating point, 32 bits).
    """
    if picture.width * picture.height <= _STRIP_PIXELS:
        return _all_at_once(picture)
    # In strips, so that Pillow's copies of the pixels never exist as a whole.
    pixels = np.empty((picture.height, picture.width, 3), dtype=np.uint8)
    rows = max(1, _STRIP_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        bottom = min(top + rows, picture.height)
        pixels[top:bottom] = _all_at_once(picture.crop((0, top, picture.width, bottom)))
    return pixels


def _all_at_once(picture: Image.Image) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    mode = picture.mode
    if mode in _SIXTEEN_BIT or mode == "I":
        return _from_16_bit(picture)
    if mode == "F":
        raise ValueError("has floating-point pixels, whose range is not stated; convert it to 8 or 16 bits")
    if mode == "LAB":
        raise ValueError("has CIELAB pixels, which are not supported; convert it to RGB")
    if "A" in mode or "a" in mode or "transparency" in picture.info:
        picture = _over_white(picture)
    return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))


@functools.cache
def _formats() -> tuple[str, ...]:
    """Those of `FORMATS` that the installed Pillow knows."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


@functools.cache
def _quiet_libtiff() -> None:
    """Keep libtiff from writing to stderr what Pillow raises anyway; Pillow has no way to ask for that."""
    # The library is found through the module that was linked against it. Where it is a part of that
    # module and has no names of its own, it goes on writing.
    with contextlib.suppress(AttributeError, OSError):
        library = ctypes.CDLL(Image.core.__file__)
        for setter in (library.TIFFSetErrorHandler, library.TIFFSetWarningHandler):
            setter.restype, setter.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
            setter(None)


def _over_white(picture: Image.Image) -> Image.Image:
    picture = picture.convert("RGBA")
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def _from_16_bit(picture: Image.Image) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    values = np.array(picture).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError(
            f"has 32-bit pixels from {values.min()} to {values.max()}; convert it to 8 or 16 bits"
        )
    grey = ((values + 128) // 257).astype(np.uint8)
    clear = picture.info.get("transparency")
    if isinstance(clear, int):
        grey[values == clear] = 255
    return np.repeat(grey[:, :, None], 3, axis=2)


def _check_tiles(picture: ImageFile) -> None:
    """Refuse what Pillow would decode so slowly that a small file could hold up everything else."""
    if len(picture.tile) > _MOST_TILES:
        raise ValueError(f"has {len(picture.tile):,} tiles or strips; the limit is {_MOST_TILES:,}")
    if picture.tile and picture.tile[0][0] == "bmp_rle":
        check_size(picture.height, picture.width, _MOST_RUN_LENGTH_PIXELS)


def _jpeg2000_tiles(picture: ImageFile, data: bytes | memoryview) -> int:
    """How many tiles a JPEG 2000 claims to have.

    Raises:
        ValueError: so many cannot be in this file; the text is the reason alone.
    Source:
        ITU-T T.800 (2002), annexes A.5.1 and B.3.
    """
    tiles = 1
    for found in _JPEG2000_SIZE.finditer(data):
        x1, y1, x0, y0, width, height, left, top = struct.unpack(">8I", found[1])
        # Elsewhere these four bytes may come by chance.
        if (x1 - x0, y1 - y0) == picture.size and width and height:
            tiles = max(tiles, -(-(x1 - left) // width) * -(-(y1 - top) // height))
    if tiles * _JPEG2000_LEAST_TILE_BYTES > len(data):
        raise ValueError(f"is damaged: {len(data):,} bytes cannot hold {tiles:,} tiles")
    return tiles


def _check_chunks(data: bytes | memoryview) -> None:
    """Check what Pillow passes over: the checksum of the pixels, the end of the file, and its size."""
    view = memoryview(data)
    at, end = len(_PNG_START), len(data)
    while at + 12 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        close = at + 8 + length
        if close + 4 > end:
            break
        critical = not kind[0] & 0x20
        (checksum,) = struct.unpack_from(">I", data, close)
        if critical and zlib.crc32(view[at + 4 : close]) != checksum:
            raise ValueError(f"is damaged: the checksum of its {kind.decode('latin-1')} chunk is wrong")
        if kind == b"IHDR" and length >= 10:
            _check_claim(*struct.unpack_from(">IIBB", data, at + 8), size=end)
        if kind == b"IEND":
            return
        at = close + 4
    raise ValueError("is cut short: the PNG has no end")


def _check_claim(width: int, height: int, bits: int, color: int, *, size: int) -> None:
    """Refuse a PNG that claims more pixels than deflate can hold in the bytes that are there."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(color, 1)
    if height * (width * bits * channels // 8) > _DEFLATE_AT_MOST * size:
        raise ValueError(f"is damaged: {size:,} bytes cannot hold {width} x {height} pixels")
