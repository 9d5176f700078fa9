"""`decode`: the one way from the bytes of a picture to its pixels, for training, CLI and server."""

import os
import stat

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import ImageError
from vitral.data.one_line import one_line
from vitral.data.orientation import jpeg_header, upright
from vitral.data.os_reason import os_reason
from vitral.data.pillow_pixels import check_size, pillow_pixels

MAX_BYTES = 2**30
MAX_PIXELS = 178_956_970  # Where Pillow too refuses: 512 MiB of RGB.

_BASELINE_TO_PROGRESSIVE = (0xC0, 0xC1, 0xC2)
# Some phones write this; the pixels are whole, so Pillow, which stops only at lost data, decides.
_HARMLESS = "Invalid SOS parameters"
# Without waiting: a name may lead to a pipe that nobody ever writes to.
_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def decode(
    source: bytes | str | os.PathLike[str],
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

    Args:
        source: the bytes of the file, or its path.
        name: how to call the picture in an error; the path when None.
        max_bytes: largest file allowed.
        max_pixels: largest height x width allowed; checked before any pixel is decoded.
    Raises:
        ImageError: "<name>: <reason>", in one line.
    """
    try:
        data = source if isinstance(source, bytes) else _read(source, max_bytes)
        if not data:
            raise ValueError("is empty (0 bytes)")
        if len(data) > max_bytes:
            raise ValueError(f"has {len(data):,} bytes; the limit is {max_bytes:,}")
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data, max_pixels)
        return pillow_pixels(data, max_pixels=max_pixels)
    except MemoryError as error:
        reason, cause = "does not fit in the memory", error
    except Exception as error:  # On a damaged file a decoder may raise anything.
        reason, cause = str(error) or type(error).__name__, error
        if isinstance(error, OSError) and error.errno is not None:
            reason = os_reason(error)
    if name is None:
        name = "picture" if isinstance(source, bytes) else os.fspath(source)
    raise ImageError(f"{one_line(name)}: {one_line(reason)}") from cause


def read_file(path: str | os.PathLike[str], *, name: str, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a picture's file; never waits for a pipe, never reads a folder.

    Raises:
        ImageError: "<name>: <reason>", in one line.
    """
    try:
        return _read(path, max_bytes)
    except (OSError, ValueError) as error:
        reason = os_reason(error) if isinstance(error, OSError) and error.errno is not None else str(error)
        raise ImageError(f"{one_line(name)}: {one_line(reason)}") from error


def _jpeg(data: bytes, max_pixels: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    header = jpeg_header(data)
    if header is None or header.bits != 8 or header.process not in _BASELINE_TO_PROGRESSIVE:
        return pillow_pixels(data, max_pixels=max_pixels)
    check_size(header.height, header.width, max_pixels)
    if header.channels not in (1, 3):
        if header.channels == 4:
            simplejpeg.decode_jpeg(data, colorspace="CMYK")  # Raises on lost data, which Pillow passes over.
        return pillow_pixels(data, max_pixels=max_pixels)
    try:
        pixels = simplejpeg.decode_jpeg(data)
    except ValueError as error:
        if _HARMLESS not in str(error):
            raise
        return pillow_pixels(data, max_pixels=max_pixels)
    return pixels if header.orientation == 1 else upright(pixels, header.orientation)


def _read(path: str | os.PathLike[str], max_bytes: int) -> bytes:
    handle = os.open(path, _OPEN)
    try:
        known = os.fstat(handle)
        if stat.S_ISDIR(known.st_mode):
            raise ValueError("is a folder, not a picture")
        if not stat.S_ISREG(known.st_mode):
            raise ValueError("is not an ordinary file")
        if known.st_size > max_bytes:
            raise ValueError(f"has {known.st_size:,} bytes; the limit is {max_bytes:,}")
        data = os.read(handle, known.st_size)
        while len(data) < known.st_size:  # One call reads at most 2 GiB, and less from some networks.
            more = os.read(handle, known.st_size - len(data))
            if not more:
                break
            data += more
        return data
    finally:
        os.close(handle)
