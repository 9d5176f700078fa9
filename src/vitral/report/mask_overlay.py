"""`mask_overlay`: a mask over its picture, with edges and with the names of its classes."""

import unicodedata
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.report.class_colors import class_colors

_NOT_COUNTED = 255
_TINT = 0.45
_EDGE_SHARE = 700  # The longer side has so many widths of an edge.
_TEXT_SHARE, _LEAST_TEXT_PX = 34, 12
_LEAST_WIDTH_PX = 260


def mask_overlay(
    pixels: UInt8[NDArray[np.uint8], "h w c=3"],
    mask: UInt8[NDArray[np.uint8], "h w"],
    *,
    background: bool = False,
    tint: float = _TINT,
) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    """Draw a mask over a copy of its picture: each class as a tint, its edge as a line.

    Args:
        pixels: the picture.
        mask: class numbers; 255 (not counted) is hatched.
        background: whether class 0 is what lies around the others; it is left clear then.
        tint: share of the color in [0, 1].
    """
    colors = class_colors(background=background)
    seen = mask != _NOT_COUNTED
    if background:
        seen &= mask != 0
    drawn = pixels.copy()
    over = (1 - tint) * pixels[seen].astype(np.float32) + tint * colors[mask[seen]].astype(np.float32)
    drawn[seen] = np.rint(over).astype(np.uint8)
    _hatch(drawn, mask == _NOT_COUNTED)
    edge = _edge(mask, max(1, round(max(mask.shape) / _EDGE_SHARE))) & seen
    drawn[edge] = _against(drawn[edge], colors[mask[edge]])
    return drawn


def with_legend(
    pixels: UInt8[NDArray[np.uint8], "h w c=3"],
    names: Sequence[str],
    colors: UInt8[NDArray[np.uint8], "n rgb=3"],
) -> UInt8[NDArray[np.uint8], "h2 w2 c=3"]:
    """Put the names of classes below a picture, each beside its color.

    A picture too narrow for names is enlarged by a whole number, with visible pixels.

    Args:
        pixels: the picture.
        names: of the classes, in the order in which they are shown.
        colors: of each.
    """
    times = max(1, -(-_LEAST_WIDTH_PX // pixels.shape[1])) if names else 1
    large = pixels.repeat(times, axis=0).repeat(times, axis=1)
    if not names:
        return large
    return np.concatenate([large, _strip(names, colors, large.shape[1])])


def _strip(names: Sequence[str], colors: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw, ImageFont  # here, because drawing text is not needed to train

    text_px = max(_LEAST_TEXT_PX, round(width / _TEXT_SHARE))
    font, gap = ImageFont.load_default(text_px), text_px // 2
    line_px = text_px + gap
    places, x, y = [], gap, gap
    plain = [_plain(name) for name in names]
    for name in plain:
        needed = text_px + gap // 2 + round(font.getlength(name)) + text_px
        if x > gap and x + needed - text_px > width - gap:
            x, y = gap, y + line_px
        places.append((x, y))
        x += needed
    strip = Image.new("RGB", (width, y + line_px), (255, 255, 255))
    draw = ImageDraw.Draw(strip)
    for (left, top), name, color in zip(places, plain, colors.tolist(), strict=True):
        draw.rectangle((left, top, left + text_px - 1, top + text_px - 1), fill=tuple(color))
        beside = (left + text_px + gap // 2, top + text_px // 2)
        draw.text(beside, name, fill=(20, 20, 20), font=font, anchor="lm")
    return np.asarray(strip, dtype=np.uint8)


def _against(pixels: NDArray[np.uint8], colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colors darkened where the picture is bright, and lightened where it is dark."""
    bright = pixels.mean(axis=1, keepdims=True) > 127
    shades = np.where(bright, colors * 0.55, colors + (255.0 - colors) * 0.4)
    return np.rint(shades).astype(np.uint8)


def _plain(name: str) -> str:
    """A name in letters the built-in font has: without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))


def _hatch(pixels: NDArray[np.uint8], where: NDArray[np.bool_]) -> None:
    diagonal = np.arange(where.shape[0])[:, None] + np.arange(where.shape[1])
    stripes = where & (diagonal % 8 < 3)
    pixels[stripes] = pixels[stripes] // 2 + 96


def _edge(mask: NDArray[np.uint8], thick: int) -> NDArray[np.bool_]:
    """Pixels within `thick` steps of a pixel of another class, along rows and columns."""
    edge = np.zeros(mask.shape, dtype=np.bool_)
    for axis in (0, 1):
        for step in range(1, min(thick, mask.shape[axis] - 1) + 1):
            one = (slice(None),) * axis + (slice(step, None),)
            other = (slice(None),) * axis + (slice(None, -step),)
            differ = mask[one] != mask[other]
            edge[one] |= differ
            edge[other] |= differ
    return edge
