"""Pictures to the bytes of `.vtl` files and back."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.codec import Header, read_alpha, read_header, read_tiles, write_vtl
from vitral.core import FileFormatError
from vitral.tasks.compress.model import MOST_STEPS, CompressModel
from vitral.tasks.compress.windows import quantized_tile, restored_tile

_DAMAGED_LEVEL = 128


@dataclass(frozen=True, kw_only=True, eq=False)
class Decoded:
    """What a `.vtl` file held.

    Args:
        pixels: uint8 sRGB, h x w x 3.
        grey: whether the original was grey; then all channels are equal.
        alpha: opacity, uint8 of h x w; None where all is opaque.
        damaged: row and column of the tiles that could not be read, with `rescue`.
        alpha_lost: whether there were opacities that could not be read, with `rescue`.
    """

    pixels: UInt8[NDArray[np.uint8], "h w c=3"] = field(repr=False)
    grey: bool
    alpha: UInt8[NDArray[np.uint8], "h w"] | None = field(default=None, repr=False)
    damaged: tuple[tuple[int, int], ...] = ()
    alpha_lost: bool = False


def encoded(
    model: CompressModel,
    pixels: UInt8[NDArray[np.uint8], "h w c=3"],
    *,
    quality: int,
    grey: bool,
    alpha: UInt8[NDArray[np.uint8], "h w"] | None,
    digest: bytes,
) -> bytes:
    """A picture as the bytes of a file; see `Compress.encode`."""
    height, width = pixels.shape[:2]
    tables = model.tables()
    header = Header(
        digest=digest, height=height, width=width, quality=quality, grey=grey, alpha=alpha is not None
    )
    tiles = (quantized_tile(model, pixels, tile, quality - 1) for tile in tables.tiles(height, width))
    return write_vtl(header, tables, tiles, alpha=alpha)


def decoded(model: CompressModel, data: bytes, *, digest: bytes, rescue: bool) -> Decoded:
    """The picture of a file; see `Compress.decode`.

    Raises:
        FileFormatError: it cannot be read, or with `rescue` none of its tiles can.
    """
    header, tables = read_header(data), model.tables()
    rows, columns = tables.grid(header.height, header.width)
    # Half the memory of the coder's numbers.
    latents = np.zeros((tables.channels, rows, columns), np.int16)
    damaged: dict[int, tuple[int, int]] = {}
    for number, tile in enumerate(read_tiles(data, tables, digest, rescue=rescue)):
        if tile.latents is None:
            damaged[number] = tile.row, tile.column
        else:
            latents[:, *tile.places] = np.clip(tile.latents, -MOST_STEPS, MOST_STEPS)
    tiles = tables.tiles(header.height, header.width)
    if len(damaged) == len(tiles):
        raise FileFormatError("of the .vtl file nothing is left to rescue")
    pixels = np.empty((header.height, header.width, 3), np.uint8)
    for number, places in enumerate(tiles):
        part = _DAMAGED_LEVEL
        if number not in damaged:
            part = restored_tile(model, latents, places, header.quality - 1)
        _put(pixels, places, part, tables.stride)
    if header.grey:
        pixels[:] = _luminance(pixels)[..., None]
    alpha = read_alpha(data, tables, digest, rescue=rescue)
    return Decoded(
        pixels=pixels,
        grey=header.grey,
        alpha=alpha,
        damaged=tuple(damaged.values()),
        alpha_lost=header.alpha and alpha is None,
    )


def _put(
    pixels: NDArray[np.uint8],
    places: tuple[slice, slice],
    part: NDArray[np.uint8] | int,
    stride: int,
) -> None:
    """Put the pixels of a tile in their place; what lies beyond the picture is cut off."""
    rows, columns = (slice(one.start * stride, one.stop * stride) for one in places)
    target = pixels[rows, columns]
    target[:] = part if isinstance(part, int) else part[: target.shape[0], : target.shape[1]]


def _luminance(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean of the channels: of a grey picture each is the same guess with its own error."""
    return ((pixels.sum(2, dtype=np.uint16) + 1) // 3).astype(np.uint8)
