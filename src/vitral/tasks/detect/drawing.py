"""Boxes with their classes, painted on a picture so that they can be read at any size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.data import one_line

_SMALLEST_PX, _LARGEST_PX = 480, 1280
_TEXT_SHARE, _THICK_SHARE = 0.026, 0.0045
_LONGEST_WORD = 24
_DARK, _LIGHT = (20, 20, 20), (255, 255, 255)

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A box to paint.

    Args:
        box: x0 y0 x1 y1 in pixels.
        label: its class.
        number: the number of its class, for the color.
        score: in [0, 1]; None for what is known.
        faint: a thin outline without words.
    """

    box: tuple[float, float, float, float]
    label: str
    number: int
    score: float | None = None
    faint: bool = False


def painted(
    pixels: UInt8[NDArray[np.uint8], "h w c=3"], boxes: Sequence[Shown]
) -> UInt8[NDArray[np.uint8], "h2 w2 c=3"]:
    """A copy of a picture with boxes and their classes.

    Small pictures are enlarged by a whole number, large ones shrunk, so that the words are neither
    larger than the picture nor too small to read. Words that would cover others are left out; their
    color still tells the class.

    Args:
        pixels: the picture.
        boxes: what to paint; the first ones get the best places for their words.
    """
    from PIL import Image, ImageDraw, ImageFont  # here, because only those who look need it

    canvas, scale_x, scale_y = _canvas(pixels)
    picture = Image.fromarray(canvas)
    draw = ImageDraw.Draw(picture)
    side = max(picture.size)
    thick, font = (
        max(2, round(_THICK_SHARE * side)),
        ImageFont.load_default(max(12, round(_TEXT_SHARE * side))),
    )
    scaled = [
        (one, (one.box[0] * scale_x, one.box[1] * scale_y, one.box[2] * scale_x, one.box[3] * scale_y))
        for one in boxes
    ]
    # The surest last, so that it lies on top.
    for one, box in reversed(scaled):
        _outline(draw, box, _color(one), 1 if one.faint else thick, picture.size)
    covered: list[Rectangle] = []
    for one, box in scaled:
        if not one.faint:
            _words(draw, font, one, box, covered, picture.size)
    return np.asarray(picture)


def beside(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Two pictures of one height side by side, with a white line between."""
    line = np.full((len(left), max(4, left.shape[1] // 100), 3), 255, dtype=np.uint8)
    return np.concatenate([left, line, right], axis=1)


def _canvas(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float, float]:
    """The picture at a size on which words can be read, and how much larger it is."""
    height, width = pixels.shape[:2]
    longest = max(height, width)
    if longest < _SMALLEST_PX:
        times = -(-_SMALLEST_PX // longest)
        return pixels.repeat(times, axis=0).repeat(times, axis=1), times, times
    if longest <= _LARGEST_PX:
        return pixels, 1.0, 1.0
    import cv2

    scale = _LARGEST_PX / longest
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return small, size[0] / width, size[1] / height


def _color(one: Shown) -> tuple[int, int, int]:
    from vitral.report.overlay import class_color  # here, because `import vitral` draws nothing

    return class_color(one.number + 1)


def _outline(
    draw: Any, box: Rectangle, color: tuple[int, int, int], thick: int, size: tuple[int, int]
) -> None:
    x0, y0 = min(max(round(box[0]), 0), size[0] - 1), min(max(round(box[1]), 0), size[1] - 1)
    # The last pixel of a box is the one before its end.
    x1, y1 = min(max(round(box[2]) - 1, x0), size[0] - 1), min(max(round(box[3]) - 1, y0), size[1] - 1)
    draw.rectangle((x0, y0, x1, y1), outline=color, width=thick)


def _words(
    draw: Any, font: Any, one: Shown, box: Rectangle, covered: list[Rectangle], size: tuple[int, int]
) -> None:
    """Write class and score at the first place where they cover no other words; shorter where they must."""
    label = one_line(one.label)
    label = label if len(label) <= _LONGEST_WORD else f"{label[: _LONGEST_WORD - 1]}…"
    full = label if one.score is None else f"{label} {one.score:.0%}"
    for text in dict.fromkeys((full, label)):
        left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
        wide, tall = right - left + 6, bottom - top + 5
        for x, y in _corners(box, wide, tall):
            x, y = min(max(x, 0), size[0] - wide), min(max(y, 0), size[1] - tall)
            place = (x, y, x + wide, y + tall)
            if x < 0 or y < 0 or any(_meet(place, other) for other in covered):
                continue
            covered.append(place)
            color = _color(one)
            draw.rectangle((x, y, x + wide - 1, y + tall - 1), fill=color)
            light = sum(color[n] * share for n, share in enumerate((0.299, 0.587, 0.114)))
            draw.text((x + 3 - left, y + 2 - top), text, font=font, fill=_DARK if light > 140 else _LIGHT)
            return


def _corners(box: Rectangle, wide: float, tall: float) -> list[tuple[float, float]]:
    """Where words may stand: over the box, then inside it, then under it, left before right."""
    x0, y0, x1, y1 = box
    rows = (y0 - tall, y0, y1 - tall, y1)
    return [(x, y) for y in rows for x in (x0, x1 - wide)]


def _meet(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
