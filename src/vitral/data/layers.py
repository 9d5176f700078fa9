"""`Layers`: a picture file as compression keeps it: its colors, whether they are grey, its opacities."""

import os
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL.ImageFile import ImageFile

from vitral.data.byte_budget import DECODING
from vitral.data.decode import MAX_PIXELS, Encoded, decode, read_file, told
from vitral.data.orientation import picture_orientation, upright
from vitral.data.pillow_pixels import check_memory, needed_bytes, opened

_STRIP_PIXELS = 2**20
_OPAQUE = 255
_LAYERS_BYTES = 8  # Per pixel: four levels, and once more to turn them upright.


@dataclass(frozen=True, kw_only=True, eq=False)
class Layers:
    """What a picture file holds.

    Args:
        pixels: uint8 sRGB, upright, as stored: colors under what is transparent are kept.
        alpha: opacities, 0 to 255; None where everything is opaque.
        grey: whether red, green and blue are equal in every pixel.
    """

    pixels: UInt8[NDArray[np.uint8], "h w c=3"] = field(repr=False)
    alpha: UInt8[NDArray[np.uint8], "h w"] | None = field(repr=False)
    grey: bool


def read_layers(source: Encoded | str | os.PathLike[str], *, name: str | None = None) -> Layers:
    """Read a picture file, with its opacities instead of over white.

    All else is as `decode` states it, its limits too: of an opaque picture the pixels are the same.
    Of grey levels of 16 bits one may be named as transparent, as in other pictures.

    Args:
        source: the bytes of the file, or its path.
        name: how to call the picture in an error; the path when None.
    Raises:
        ImageError: "<name>: <reason>", in one line.
    """
    if name is None:
        name = "picture" if isinstance(source, Encoded) else os.fspath(source)
    data = source if isinstance(source, Encoded) else read_file(source, name=name)
    # First, because it refuses what is broken, too large or too slow.
    pixels = decode(data, name=name)
    found = told(name, lambda: _with_alpha(data, pixels))
    pixels, alpha = (pixels, None) if found is None else found
    return Layers(pixels=pixels, alpha=alpha, grey=is_grey(pixels))


def is_grey(pixels: UInt8[NDArray[np.uint8], "h w c=3"]) -> bool:
    """Whether red, green and blue are equal in every pixel."""
    rows = max(1, _STRIP_PIXELS // pixels.shape[1])
    return all(
        bool((strip[..., 1:] == strip[..., :1]).all())
        for strip in (pixels[top : top + rows] for top in range(0, len(pixels), rows))
    )


def _with_alpha(
    data: Encoded, over_white: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Stored colors and opacities; None where all is opaque."""
    with opened(data, MAX_PIXELS) as picture:
        if not _may_be_clear(picture):
            return None
        size_bytes = needed_bytes(picture) + _LAYERS_BYTES * picture.height * picture.width
        check_memory(size_bytes)
        with DECODING.taken(size_bytes):
            picture.load()
            turned = 1 if picture.format == "TIFF" else picture_orientation(picture)
            if picture.mode.startswith("I"):
                return _one_clear_level(picture, over_white, turned)
            levels = upright(_four_levels(picture), turned)
    alpha = np.ascontiguousarray(levels[..., 3])
    if (alpha == _OPAQUE).all():
        return None
    return np.ascontiguousarray(levels[..., :3]), alpha


def _may_be_clear(picture: ImageFile) -> bool:
    return "A" in picture.mode or "a" in picture.mode or "transparency" in picture.info


def _four_levels(picture: ImageFile) -> NDArray[np.uint8]:
    """Red, green, blue and opacity; in strips, so that Pillow's copies never exist as a whole."""
    levels = np.empty((picture.height, picture.width, 4), np.uint8)
    rows = max(1, _STRIP_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        bottom = min(top + rows, picture.height)
        levels[top:bottom] = np.asarray(picture.crop((0, top, picture.width, bottom)).convert("RGBA"))
    return levels


def _one_clear_level(
    picture: ImageFile, over_white: NDArray[np.uint8], orientation: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Of 16-bit grey one level is transparent; Pillow knows no opacities beside it."""
    level = picture.info.get("transparency")
    if not isinstance(level, int):
        return None
    clear = np.asarray(picture)[..., None] == level
    if not clear.any():
        return None
    clear = upright(clear.astype(np.uint8), orientation)[..., 0].astype(bool)
    pixels = over_white.copy()
    pixels[clear] = (level + 128) // 257
    return pixels, np.where(clear, 0, _OPAQUE).astype(np.uint8)
