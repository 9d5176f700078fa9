"""`overlay`: masks, boxes and points drawn over the pixels they belong to."""

import colorsys
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy.typing import NDArray

_NOT_COUNTED = 255
_TINT = 0.45
_GOLDEN = 0.618034  # Steps of this share of the circle never come close to an earlier hue.
# Picked apart by eye; Trubetskoy's "20 simple, distinct colors" without those that vanish in a picture.
_FIRST_COLORS = (
    *((67, 99, 216), (255, 225, 25), (240, 50, 230), (60, 180, 75), (245, 130, 49), (128, 0, 0)),
    *((66, 212, 244), (191, 239, 69), (145, 30, 180), (70, 153, 144), (230, 25, 75), (0, 0, 117)),
    *((154, 99, 36), (250, 190, 212), (128, 128, 0), (220, 190, 255), (170, 255, 195)),
)


def overlay(
    pixels: UInt8[NDArray[np.uint8], "h w c=3"],
    *,
    mask: UInt8[NDArray[np.uint8], "h w"] | None = None,
    boxes: Float[NDArray[np.float64], "n xyxy=4"] | None = None,
    labels: Int[NDArray[np.int64], " n"] | None = None,
    points: Float[NDArray[np.float64], "n p xyv=3"] | None = None,
) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    """Draw what is known of a picture over a copy of it.

    Args:
        pixels: the picture.
        mask: class numbers: each gets a color as a tint, 0 none; 255 (not counted) is hatched.
        boxes: x0 y0 x1 y1 in pixels, as outlines.
        labels: class number of each box, for its color.
        points: x, y and visibility of the points of each object; those of visibility 0 are left out.
    """
    drawn = pixels.copy()
    if mask is not None:
        _tint(drawn, mask)
    thick = max(1, round(max(pixels.shape[:2]) / 160))
    if boxes is not None:
        numbers = np.zeros(len(boxes), dtype=np.int64) if labels is None else labels
        for box, number in zip(boxes.tolist(), numbers.tolist(), strict=True):
            _outline(drawn, box, class_color(number + 1), thick)
    if points is not None:
        _dots(drawn, points, thick)
    return drawn


def class_color(number: int) -> tuple[int, int, int]:
    """A color for a class number: strong, and unlike those of its neighbors."""
    if number < len(_FIRST_COLORS):
        return _FIRST_COLORS[number]
    red, green, blue = colorsys.hsv_to_rgb(0.58 + number * _GOLDEN, 0.85, 0.95 - 0.25 * (number % 2))
    return round(255 * red), round(255 * green), round(255 * blue)


def _tint(pixels: NDArray[np.uint8], mask: NDArray[np.uint8]) -> None:
    colors = np.array([class_color(number) for number in range(256)], dtype=np.float32)
    seen = (mask != 0) & (mask != _NOT_COUNTED)
    pixels[seen] = np.rint((1 - _TINT) * pixels[seen] + _TINT * colors[mask[seen]]).astype(np.uint8)
    diagonal = np.arange(mask.shape[0])[:, None] + np.arange(mask.shape[1])
    stripes = (mask == _NOT_COUNTED) & (diagonal % 8 < 3)
    pixels[stripes] = pixels[stripes] // 2 + 96


def _outline(
    pixels: NDArray[np.uint8], box: Sequence[float], color: tuple[int, int, int], thick: int
) -> None:
    height, width = pixels.shape[:2]
    x0, y0 = min(max(round(box[0]), 0), width - 1), min(max(round(box[1]), 0), height - 1)
    x1, y1 = min(max(round(box[2]), x0 + 1), width), min(max(round(box[3]), y0 + 1), height)
    # Inside the box, so that one at the border of the picture is seen whole.
    pixels[y0 : min(y0 + thick, y1), x0:x1] = color
    pixels[max(y1 - thick, y0) : y1, x0:x1] = color
    pixels[y0:y1, x0 : min(x0 + thick, x1)] = color
    pixels[y0:y1, max(x1 - thick, x0) : x1] = color


def _dots(pixels: NDArray[np.uint8], points: Float[NDArray[np.float64], "n p 3"], thick: int) -> None:
    height, width = pixels.shape[:2]
    for x, y, visible in points.reshape(-1, 3).tolist():
        if visible <= 0 or not (0 <= x < width and 0 <= y < height):
            continue
        for reach, color in ((2 * thick, (0, 0, 0)), (thick, (255, 255, 255))):
            top, left = max(int(y) - reach, 0), max(int(x) - reach, 0)
            pixels[top : int(y) + reach + 1, left : int(x) + reach + 1] = color
