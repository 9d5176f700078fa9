"""The plane of opacities of a picture as bytes, without loss."""

import zlib

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import FileFormatError

# Differences to the left help soft borders, those of differences gradients and smoke; hard borders
# are best as they are. Of three planes at random one would lose a third with a single filter.
_FILTERED_AXES: tuple[tuple[int, ...], ...] = ((), (1,), (1, 0))
_MOST_TRIED = 2**20
_RAW_DEFLATE = -15
_LEVEL = 9


def pack_opacity(plane: UInt8[NDArray[np.uint8], "h w"]) -> bytes:
    """A plane as bytes: the number of the filter that makes it smallest, then deflate.

    Args:
        plane: opacities, 0 (transparent) to 255.
    """
    # Of a large plane its middle tells.
    rows = max(1, _MOST_TRIED // plane.shape[1])
    top = max(0, (plane.shape[0] - rows) // 2)
    part = plane[top : top + rows]
    packed = [_deflated(_differences(part, axes)) for axes in _FILTERED_AXES]
    best = min(range(len(packed)), key=lambda number: len(packed[number]))
    whole = packed[best] if len(part) == len(plane) else _deflated(_differences(plane, _FILTERED_AXES[best]))
    return bytes([best]) + whole


def unpack_opacity(data: bytes | memoryview, height: int, width: int) -> UInt8[NDArray[np.uint8], "h w"]:
    """The plane that `pack_opacity` wrote.

    Args:
        data: the bytes.
        height: rows of the plane; no more is ever unpacked.
        width: columns of the plane.
    Raises:
        FileFormatError: the bytes cannot come from such a plane.
    """
    if len(data) == 0 or data[0] >= len(_FILTERED_AXES):
        raise FileFormatError("its filter is unknown")
    inflate = zlib.decompressobj(_RAW_DEFLATE)
    try:
        pixels = inflate.decompress(data[1:], height * width + 1)
    except zlib.error as error:
        raise FileFormatError(f"its deflate stream is broken ({error})") from error
    if len(pixels) != height * width or not inflate.eof or inflate.unused_data:
        raise FileFormatError(f"it does not hold {height * width:,} pixels")
    plane = np.frombuffer(pixels, np.uint8).reshape(height, width)
    for axis in reversed(_FILTERED_AXES[data[0]]):
        plane = np.cumsum(plane, axis=axis, dtype=np.uint8)
    return plane


def _differences(plane: NDArray[np.uint8], axes: tuple[int, ...]) -> NDArray[np.uint8]:
    for axis in axes:
        plane = np.diff(plane, axis=axis, prepend=np.uint8(0))
    return plane


def _deflated(plane: NDArray[np.uint8]) -> bytes:
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE)
    return deflate.compress(np.ascontiguousarray(plane).data) + deflate.flush()
