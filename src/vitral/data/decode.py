"""`decode`: the one way from the bytes of a picture to its pixels, for training, CLI and server."""

import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import Image

from vitral.core import ImageError
from vitral.data.byte_budget import DECODING
from vitral.data.jpeg_header import HEAD_BYTES, JpegHeader, jpeg_header
from vitral.data.one_line import one_line
from vitral.data.orientation import MIRRORED_X, MIRRORED_Y, upright
from vitral.data.os_reason import os_reason
from vitral.data.pillow_pixels import check_memory, check_size, pillow_pixels, rgb_pixels

MAX_BYTES = 2**30
MAX_PIXELS = 178_956_970  # Where Pillow too refuses; memory usually sets the limit before.

Encoded = bytes | memoryview
Result = TypeVar("Result")

JPEG_START = b"\xff\xd8\xff"
_SCAN = b"\xff\xda"
# The entropy coding of a block takes a bit at least, even of an empty one.
_MOST_PIXELS_PER_BYTE = 8 * 64
# An encoder writes about ten; each goes through all blocks again, whether it holds anything or not.
_MOST_SCANS = 50
# Some phones write the first; the second is chroma at a size that TurboJPEG has no name for. The pixels
# may be whole, so Pillow, which stops only at lost data, decides.
_PILLOW_DECIDES = ("Invalid SOS parameters", "Could not determine subsampling level")
# Without waiting: a name may lead to a pipe that nobody ever writes to.
_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def decode(
    source: Encoded | str | os.PathLike[str],
    *,
    name: str | None = None,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    """Decode one picture to uint8 sRGB, upright.

    EXIF orientation is applied. Grey is replicated, a palette looked up, CMYK converted by Pillow
    without profile, 16-bit grey scaled by 1/257 and rounded (16-bit color: its high byte),
    transparency laid over white, of an animation the first frame is taken. Color profiles are
    not applied. A file that is cut short or damaged is an error, never a grey half.

    A picture that would take more than 448 MiB to decode, or whose file is too small for the size
    it claims, or that a small file could make slow (more than 50 scans of a JPEG, 32,768 strips of
    a TIFF) is refused before any pixel is decoded; large pictures wait for one another (see
    `ByteBudget`).

    Args:
        source: the bytes of the file, or its path.
        name: how to call the picture in an error; the path when None.
        max_bytes: largest file allowed.
        max_pixels: largest height x width allowed; checked before any pixel is decoded.
    Raises:
        ImageError: "<name>: <reason>", in one line.
    """
    if name is None:
        name = "picture" if isinstance(source, Encoded) else os.fspath(source)

    def pixels() -> NDArray[np.uint8]:
        data = source if isinstance(source, Encoded) else _read(source, max_bytes)[0]
        check_length(data, max_bytes)
        header = baseline_header(data, max_pixels)
        if header is None:
            return pillow_pixels(data, max_pixels=max_pixels)
        return jpeg_pixels(data, header, 1, max_pixels=max_pixels)

    return told(name, pixels)


def read_file(path: str | os.PathLike[str], *, name: str, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a picture's file; never waits for a pipe, never reads a folder.

    Raises:
        ImageError: "<name>: <reason>", in one line.
    """
    return told(name, lambda: _read(path, max_bytes)[0])


def read_head(path: str | os.PathLike[str], *, name: str) -> bytes:
    """The first bytes of a picture's file, usually enough to tell its size.

    Raises:
        ImageError: "<name>: <reason>", in one line.
    """
    return told(name, lambda: _read(path, MAX_BYTES, HEAD_BYTES)[0])


def read_stamped(path: str | os.PathLike[str], *, name: str) -> tuple[bytes, int]:
    """The bytes of a picture's file, and a number that changes when it is written anew.

    Raises:
        ImageError: "<name>: <reason>", in one line.
    """
    return told(name, lambda: _read(path, MAX_BYTES))


def told(name: str, make: Callable[[], Result]) -> Result:
    """What a function gives; whatever it raises becomes an `ImageError` that names the picture.

    Raises:
        ImageError: "<name>: <reason>", in one line.
    """
    try:
        return make()
    except ImageError:
        raise
    except MemoryError as error:
        reason, cause = "does not fit in the memory", error
    except Exception as error:  # On a damaged file a decoder may raise anything.
        reason, cause = str(error) or type(error).__name__, error
        if isinstance(error, OSError) and error.errno is not None:
            reason = os_reason(error)
    raise ImageError(f"{one_line(name)}: {one_line(reason)}") from cause


def check_length(data: Encoded, max_bytes: int = MAX_BYTES) -> None:
    """Refuse an empty file and one beyond the limit.

    Raises:
        ValueError: the text is the reason alone.
    """
    if len(data) == 0:
        raise ValueError("is empty (0 bytes)")
    if len(data) > max_bytes:
        raise ValueError(f"has {len(data):,} bytes; the limit is {max_bytes:,}")


def baseline_header(data: Encoded, max_pixels: int = MAX_PIXELS) -> JpegHeader | None:
    """The header of a JPEG of the usual kinds, checked; None for all other pictures.

    Raises:
        ValueError: its size cannot be that of this file; the text is the reason alone.
    """
    if data[:3] != JPEG_START:
        return None
    header = jpeg_header(data)
    if header is None or header.bits != 8 or not header.huffman:
        return None
    turned = 3 if header.orientation != 1 else 0
    size_bytes = header.height * header.width * (_bytes_per_pixel(header) + turned)
    check_claim(header.height, header.width, len(data), size_bytes, max_pixels=max_pixels)
    if header.progressive:
        scans = bytes(data).count(_SCAN)
        if scans > _MOST_SCANS:
            raise ValueError(f"has {scans} scans; the limit is {_MOST_SCANS}")
    return header


def check_claim(
    height: int, width: int, length: int, size_bytes: int, *, max_pixels: int = MAX_PIXELS
) -> None:
    """Refuse the size that a JPEG claims when its bytes cannot hold it, or memory must not.

    Args:
        height: rows.
        width: columns.
        length: bytes of the file.
        size_bytes: memory that decoding takes.
        max_pixels: largest height x width allowed.
    Raises:
        ValueError: the text is the reason alone.
    """
    check_size(height, width, max_pixels)
    if height * width > _MOST_PIXELS_PER_BYTE * length:
        raise ValueError(f"is damaged: {length:,} bytes cannot hold {width} x {height} pixels")
    check_memory(size_bytes)


def jpeg_pixels(
    data: Encoded, header: JpegHeader, factor: int, *, max_pixels: int = MAX_PIXELS
) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    """Decode a JPEG, upright, at full size or at a half, a quarter or an eighth of it.

    Args:
        data: the whole file.
        header: what `baseline_header` made of it.
        factor: 1, 2, 4 or 8; the size is divided by it and rounded up.
        max_pixels: largest height x width allowed.
    Raises:
        ValueError: the data is damaged; the text is the reason alone.
    """
    if header.channels not in (1, 3, 4):
        return _smaller(pillow_pixels(data, max_pixels=max_pixels), factor, header.orientation)
    height, width = -(-header.height // factor), -(-header.width // factor)
    try:
        with budgeted(header):
            if header.channels == 4:
                pixels = _smaller(_from_cmyk(data), factor)
            else:
                pixels = simplejpeg.decode_jpeg(data, min_height=height, min_width=width, min_factor=factor)
    except ValueError as error:
        if not any(text in str(error) for text in _PILLOW_DECIDES):
            raise
        return _smaller(pillow_pixels(data, max_pixels=max_pixels), factor, header.orientation)
    if pixels.shape[:2] != (height, width):
        raise ValueError(f"was decoded to {pixels.shape[1]} x {pixels.shape[0]}, not {width} x {height}")
    return pixels if header.orientation == 1 else upright(pixels, header.orientation)


def budgeted(header: JpegHeader) -> AbstractContextManager[None]:
    """Hold, while a JPEG is decoded, the memory that it takes."""
    return DECODING.taken(header.height * header.width * _bytes_per_pixel(header))


def _bytes_per_pixel(header: JpegHeader) -> int:
    pixels = 4 + 3 if header.channels == 4 else 3
    return pixels + (2 * header.channels if header.progressive else 0)


def _from_cmyk(data: Encoded) -> NDArray[np.uint8]:
    """CMYK as Pillow converts it; it comes inverted, as Adobe writes it, and Pillow takes all for that.

    Pillow does not decode it, because it passes over lost data.
    """
    inks = simplejpeg.decode_jpeg(data, colorspace="CMYK")
    np.subtract(255, inks, out=inks)
    height, width, _ = inks.shape
    return rgb_pixels(Image.frombuffer("CMYK", (width, height), inks, "raw", "CMYK", 0, 1))


def _smaller(pixels: NDArray[np.uint8], factor: int, orientation: int = 1) -> NDArray[np.uint8]:
    """Average blocks of factor x factor pixels, the last ones in the stored picture of what there is."""
    if factor == 1:
        return pixels
    import cv2

    height, width = pixels.shape[:2]
    x, y = -width % factor, -height % factor
    left, above = x * (orientation in MIRRORED_X), y * (orientation in MIRRORED_Y)
    whole = cv2.copyMakeBorder(pixels, above, y - above, left, x - left, cv2.BORDER_REPLICATE)
    size = (width + x) // factor, (height + y) // factor
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)


def _read(path: str | os.PathLike[str], max_bytes: int, first_bytes: int | None = None) -> tuple[bytes, int]:
    """All bytes of a file, or the first ones, and a stamp of the file."""
    handle = os.open(path, _OPEN)
    try:
        known = os.fstat(handle)
        if stat.S_ISDIR(known.st_mode):
            raise ValueError("is a folder, not a picture")
        if not stat.S_ISREG(known.st_mode):
            raise ValueError("is not an ordinary file")
        if known.st_size > max_bytes:
            raise ValueError(f"has {known.st_size:,} bytes; the limit is {max_bytes:,}")
        size = known.st_size if first_bytes is None else min(known.st_size, first_bytes)
        data = os.read(handle, size)
        while len(data) < size:  # One call reads at most 2 GiB, and less from some networks.
            more = os.read(handle, size - len(data))
            if not more:
                break
            data += more
        return data, hash((known.st_size, known.st_mtime_ns, known.st_ctime_ns, known.st_ino))
    finally:
        os.close(handle)
