"""`ice_light`: what a window full of ice looks like."""

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.ops.clouds import clouds

_WHITE, _BLUE = np.array([240, 247, 255], np.float32), np.array([-70, -25, 25], np.float32)
_STEMS, _FINE, _LARGEST, _TWIGS = 30, 4, 320, 0.5

Lines = Float[NDArray[np.float64], "n points 3"]


def ice_light(generator: np.random.Generator, height: int, width: int) -> Float[NDArray[np.float32], "h w 3"]:
    """The levels of a window that is full of ice, before a dark room.

    Args:
        generator: where the random numbers come from.
        height: in pixels.
        width: in pixels.
    """
    import cv2

    side = min(height, width)
    # In larger pictures they would be hairs.
    shrink = min(1.0, _LARGEST / side)
    drawn = _crystals(generator, max(1, round(height * shrink)), max(1, round(width * shrink)))
    crystals = np.asarray(cv2.resize(drawn, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    glow = cv2.GaussianBlur(crystals, (0, 0), max(0.012 * side, 0.5), borderType=cv2.BORDER_REFLECT_101)
    veil = clouds(generator, height, width, coarsest=3, octaves=7, rough=0.75)
    # Between crystals there is little light: they are seen before it, and so is the picture.
    light = 0.04 + 0.3 * veil + 0.25 * np.asarray(glow, np.float32) + 0.75 * crystals
    light = np.minimum(light, 1).astype(np.float32)[..., None]
    return np.clip(light * _WHITE + light * (1 - light) * _BLUE, 0, 255).astype(np.float32)


def _crystals(generator: np.random.Generator, height: int, width: int) -> Float[NDArray[np.float32], "h w"]:
    """Feathers of ice, in [0, 1]: stems from the sides inward, with branches, with twigs.

    In small pictures there are fewer of all, so that lines stay some pixels apart.
    """
    import cv2

    drawn = np.zeros((height, width), np.uint8)
    share = min(1.0, min(height, width) / _LARGEST)
    stems = _stems(generator, height, width, count=max(4, round(_STEMS * share**0.5)))
    points = max(4, round(26 * share**0.8))
    stems = stems[:, np.rint(np.linspace(0, stems.shape[1] - 1, points)).astype(np.int64)]
    branches = _offshoots(generator, stems, points=max(3, round(7 * share)), deg=52.0, share=0.3)
    twigs = _offshoots(generator, branches, points=3, deg=48.0, share=0.32)
    # Stems get thinner toward their ends.
    first, second = points // 3, 2 * points // 3
    tips, middles, feet = stems[:, second:], stems[:, first : second + 1], stems[:, : first + 1]
    levels = [(branches, 140), (tips, 150), (middles, 190), (feet, 225)]
    for lines, level in [(twigs, 95), *levels] if share > _TWIGS else levels:
        places = np.rint(lines[..., :2] * 2**_FINE).astype(np.int32, order="C")
        cv2.polylines(drawn, list(places), False, level, 1, cv2.LINE_AA, _FINE)
    return drawn.astype(np.float32) / np.float32(255)


def _stems(generator: np.random.Generator, height: int, width: int, *, count: int) -> Lines:
    """Bent lines from anywhere on the sides: x, y and direction of each point."""
    numbers = generator.random((4, count))
    # A place on the outline, and the direction from there to somewhere around the middle.
    along = numbers[0] * 2 * (width + height)
    x = np.interp(
        along, [0, width, width + height, 2 * width + height, 2 * (width + height)], [0, width, width, 0, 0]
    )
    y = np.interp(
        along, [0, width, width + height, 2 * width + height, 2 * (width + height)], [0, 0, height, height, 0]
    )
    direction = np.arctan2(height / 2 - y, width / 2 - x) + (numbers[1] - 0.5) * math.radians(90)
    length = min(height, width) * (0.2 + 0.5 * numbers[2] ** 1.5)
    bend = (numbers[3] - 0.5) * math.radians(150)
    return _grown(np.stack([x, y, direction], axis=1), length, bend, points=26)


def _offshoots(
    generator: np.random.Generator, lines: Lines, *, points: int, deg: float, share: float
) -> Lines:
    """Lines that leave others to both sides, shorter and shorter toward their ends."""
    many = lines.shape[1]
    roots = np.repeat(lines[:, 1:-1], 2, axis=1)
    length = np.hypot(*(lines[:, 1:, :2] - lines[:, :-1, :2]).transpose(2, 0, 1)).sum(axis=1)
    along = np.repeat(np.arange(1, many - 1) / (many - 1), 2)
    side = np.tile([1.0, -1.0], many - 2)
    odd = generator.random((2, len(lines), len(along)))
    angle = math.radians(deg) * (0.85 + 0.3 * odd[0]) * side
    roots[..., 2] += angle
    # They grow for as long as the line did after it passed by, and bend along with it.
    long = share * length[:, None] * (1 - along) ** 0.6 * (0.5 + 0.7 * odd[1])
    return _grown(roots.reshape(-1, 3), long.ravel(), (-0.5 * angle).ravel(), points=points)


def _grown(
    roots: Float[NDArray[np.float64], "n 3"],
    length: Float[NDArray[np.float64], " n"],
    bend: Float[NDArray[np.float64], " n"],
    *,
    points: int,
) -> Lines:
    """Lines from their roots on, of a length and turning by an angle on their way."""
    part = np.arange(points) / (points - 1)
    direction = roots[:, 2:] + bend[:, None] * part
    step = (length / (points - 1))[:, None]
    lines = np.empty((len(roots), points, 3))
    lines[:, :, 2] = direction
    for axis, moved in enumerate((np.cos(direction), np.sin(direction))):
        lines[:, :, axis] = roots[:, axis, None]
        lines[:, 1:, axis] += np.cumsum(step * moved[:, :-1], axis=1)
    return lines
