"""`gallery`: pictures with their words, side by side."""

import base64
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vitral.core import Picture
from vitral.report.words import escaped

_SHARPNESS = 2  # pixels of a picture per pixel of the page, for dense screens
_JPEG_QUALITY = 88
_WIDE_PX, _CLOSE_PX = 760, 360
_SIGNS = {"good": "✓ ", "bad": "✗ ", "plain": ""}


def gallery(pictures: Iterable[Picture], *, size: int = 128, title: str = "") -> str:
    """Draw pictures side by side, those of one group together under its heading.

    Args:
        pictures: what to show, in order.
        size: longer side of a picture on the page, in CSS pixels; small pictures are enlarged
            with visible pixels. A group with a picture that asks for a close look is shown larger.
        title: heading above the gallery.
    Returns:
        HTML with the pictures inside as data.
    """
    groups: dict[str, list[Picture]] = {}
    for picture in pictures:
        groups.setdefault(picture.group, []).append(picture)
    parts = [f"<h3>{escaped(title)}</h3>"] if title else []
    for name, group in groups.items():
        heading = f"<h4>{escaped(name)}</h4>" if name else ""
        side = max(size, _CLOSE_PX) if any(picture.close for picture in group) else size
        figures = "".join(_figure(picture, side) for picture in group)
        parts.append(f'{heading}<div class="gallery" style="--size:{side}px">{figures}</div>')
    if not groups:
        parts.append('<p class="quiet">No pictures.</p>')
    return f'<section class="pictures">{"".join(parts)}</section>'


def as_shown(picture: Picture, *, size: int = 128) -> Picture:
    """A picture with no more pixels than `gallery` shows of it, to be kept until it is drawn."""
    side = _WIDE_PX if picture.wide else max(size, _CLOSE_PX) if picture.close else size
    return replace(picture, pixels=_shrunk(picture.pixels, side * _SHARPNESS))


def data_uri(pixels: NDArray[np.uint8]) -> str:
    """A picture as data inside a page: PNG, or JPEG where PNG would take twice the bytes."""
    swapped = np.ascontiguousarray(pixels[..., ::-1])
    import cv2  # here, because it takes a third of the time to import vitral

    png = cv2.imencode(".png", swapped)[1].tobytes()
    quality = [
        cv2.IMWRITE_JPEG_QUALITY,
        _JPEG_QUALITY,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    jpeg = cv2.imencode(".jpg", swapped, quality)[1].tobytes()
    kind, content = ("png", png) if len(png) <= 2 * len(jpeg) else ("jpeg", jpeg)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _figure(picture: Picture, size: int) -> str:
    size = _WIDE_PX if picture.wide else size
    pixels = _shrunk(picture.pixels, size * _SHARPNESS)
    height, width = picture.pixels.shape[:2]
    scale = size / max(height, width)
    shown_h, shown_w = max(1, round(height * scale)), max(1, round(width * scale))
    coarse = ' class="coarse"' if scale >= 2 else ""
    alt = ", ".join(filter(None, (picture.title, picture.note))) or "picture"
    words = ""
    if picture.title:
        # The sign says the mood to those who do not see its color.
        words += f'<b class="{picture.mood}">{_SIGNS[picture.mood]}{escaped(picture.title)}</b>'
    if picture.note:
        words += f"<span>{escaped(picture.note)}</span>"
    caption = f'<figcaption title="{escaped(alt)}">{words}</figcaption>' if words else ""
    wide = ' class="wide"' if picture.wide else ""
    return (
        f'<figure{wide}><img src="{data_uri(pixels)}" width="{shown_w}" height="{shown_h}" '
        f'alt="{escaped(alt)}"{coarse} loading="lazy" decoding="async">{caption}</figure>'
    )


def _shrunk(pixels: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    import cv2

    small = cv2.resize(
        pixels, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    return np.asarray(small, np.uint8)
