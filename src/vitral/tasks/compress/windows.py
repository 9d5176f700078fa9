"""Pictures of any size through the autoencoder, a window at a time, without a seam.

A window is a tile with a halo as wide as the network looks. Decoding the latents of a window and
keeping only its tile gives what decoding everything at once would give.
"""

import numpy as np
import torch
from jaxtyping import Int, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vitral.tasks.compress.model import CompressModel


def quantized_tile(
    model: CompressModel, pixels: UInt8[NDArray[np.uint8], "h w c=3"], tile: tuple[slice, slice], quality: int
) -> Int[NDArray[np.int32], "c h2 w2"]:
    """The whole numbers of one tile of a picture.

    Args:
        model: the model.
        pixels: the whole picture.
        tile: rows and columns of the tile, in places of the latent.
        quality: number of the quality, from 0.
    """
    stride = model.network.stride
    places = tuple(-(-side // stride) for side in pixels.shape[:2])
    rows, columns = (
        _widened(one, model.network.halo, limit) for one, limit in zip(tile, places, strict=True)
    )
    window = _part(pixels, rows, columns, stride)
    device = model.log_gain.device
    inputs = torch.from_numpy(window).to(device).permute(2, 0, 1)[None].float() / 255
    latent = model.latent_of(inputs.contiguous(memory_format=torch.channels_last))
    inner = _inside(tile[0], rows), _inside(tile[1], columns)
    return model.quantized(latent[:, :, inner[0], inner[1]], quality)[0]


def restored_tile(
    model: CompressModel,
    latents: Int[NDArray[np.signedinteger], "c h w"],
    tile: tuple[slice, slice],
    quality: int,
) -> UInt8[NDArray[np.uint8], "h2 w2 c=3"]:
    """The pixels of one tile, all of its places.

    Args:
        model: the model.
        latents: of the whole picture.
        tile: rows and columns of the tile, in places of the latent.
        quality: number of the quality, from 0.
    """
    rows, columns = (
        _widened(one, model.network.halo, limit) for one, limit in zip(tile, latents.shape[1:], strict=True)
    )
    window = np.ascontiguousarray(latents[:, rows, columns], dtype=np.int32)
    made = model.restored(window, quality)
    stride = model.network.stride
    inner = (_scaled(_inside(one, wide), stride) for one, wide in zip(tile, (rows, columns), strict=True))
    return _levels(made[:, *inner])


def _levels(made: Tensor) -> NDArray[np.uint8]:
    return (made * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()


def _part(pixels: NDArray[np.uint8], rows: slice, columns: slice, stride: int) -> NDArray[np.uint8]:
    """Pixels of some places; beyond the picture its last row and column go on."""
    window = pixels[_scaled(rows, stride), _scaled(columns, stride)]
    below = (rows.stop - rows.start) * stride - window.shape[0]
    right = (columns.stop - columns.start) * stride - window.shape[1]
    return np.pad(window, ((0, below), (0, right), (0, 0)), mode="edge")


def _widened(tile: slice, halo: int, limit: int) -> slice:
    return slice(max(0, tile.start - halo), min(limit, tile.stop + halo))


def _inside(tile: slice, wide: slice) -> slice:
    return slice(tile.start - wide.start, tile.stop - wide.start)


def _scaled(places: slice, stride: int) -> slice:
    return slice(places.start * stride, places.stop * stride)
