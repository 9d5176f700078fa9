"""Drawn scenes: colored shapes on textured ground, for tests and demonstrations of every task.

A shape has a class and a texture, and the two decide its color: a striped star is always of
one hue, a dotted star of another. The color of the ground follows from its texture in the same
way. A picture turned to grey therefore still holds what is needed to color it again; only
lightness, place, size and rotation are free. A scene is a pure function of (seed, index, size).
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy.typing import NDArray

from vitral.core import OptionError, permutation
from vitral.data.sources.scene_patterns import GROUND, SHAPE, TEXTURE, Draws, Grid, texture_period

SHAPES, TEXTURES, GROUNDS = tuple(SHAPE), tuple(TEXTURE), tuple(GROUND)

_SAMPLES = 4  # per pixel and axis
_SMALLEST_PX = 16
_GROUND_HUES_DEG = (75.0, 255.0, 165.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """One drawn picture and everything that is known of it.

    Args:
        pixels: uint8 sRGB, h x w x 3.
        label: class number of the main shape, which is clearly the largest.
        mask: uint8 per pixel: 0 is ground, 1 + class number is a shape.
        boxes: `x0 y0 x1 y1` of each shape in the continuous pixel frame, the main shape first.
        box_labels: class number of each box.
    """

    pixels: UInt8[NDArray[np.uint8], "h w c=3"] = field(repr=False)
    label: int
    mask: UInt8[NDArray[np.uint8], "h w"] = field(repr=False)
    boxes: Float[NDArray[np.float32], "n 4"]
    box_labels: Int[NDArray[np.int64], " n"]


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """One shape of a scene: lengths in pixels, angles in radians, lightness in [0, 1]."""

    shape: int
    texture: int
    x: float
    y: float
    radius: float
    angle: float
    phase: float
    lightness: float


def draw_scene(index: int, *, seed: int = 0, size: int = 64) -> Scene:
    """Draw scene number `index`: one main shape and up to two small ones, none touching.

    Six scenes in a row show each class once as their main shape.

    Args:
        index: number of the scene, 0 or above.
        seed: another seed gives other scenes.
        size: height and width, at least 16 px.
    Raises:
        OptionError: index or size is too small.
    """
    if index < 0:
        raise OptionError(f"draw_scene.index: must be at least 0, got {index}")
    if size < _SMALLEST_PX:
        raise OptionError(f"draw_scene.size: must be at least {_SMALLEST_PX} px, got {size}")
    draws = Draws(seed, index)
    linear = _ground(draws, size)
    mask = np.zeros((size, size), dtype=np.uint8)
    figures = _figures(draws, size)
    boxes = [_paint(linear, mask, figure) for figure in figures]
    return Scene(
        pixels=_encoded(linear),
        label=figures[0].shape,
        mask=mask,
        boxes=np.array(boxes, dtype=np.float32),
        box_labels=np.array([figure.shape for figure in figures], dtype=np.int64),
    )


def scene_label(index: int, *, seed: int = 0) -> int:
    """Class number of the main shape of a scene, without drawing it."""
    turn, place = divmod(index, len(SHAPES))
    return int(permutation(len(SHAPES), seed, turn, "scene main shape")[place])


def hue_deg(shape: int, texture: int) -> float:
    """Hue of a shape with a texture, in degrees of OKLCH; all 24 pairs differ by at least 15.

    A step of shape turns by 60 degrees, a step of texture by 105, so neither is enough alone.
    """
    return 15.0 * ((4 * shape + 7 * texture) % (len(SHAPES) * len(TEXTURES)))


def _figures(draws: Draws, size: int) -> list[_Figure]:
    """The main shape, then up to two small ones that found a free place."""
    radius = draws.number("radius 0", 0.25, 0.36) * size
    reach = size - 2 * (radius + 1)
    x = radius + 1 + draws.number("x 0", 0, 1) * reach
    y = radius + 1 + draws.number("y 0", 0, 1) * reach
    figures = [_figure(draws, 0, scene_label(draws.index, seed=draws.seed), x, y, radius)]
    for number in range(1, 1 + draws.choice("count", 3)):
        radius = draws.number(f"radius {number}", 0.095, 0.125) * size
        place = _free_place(draws, number, radius, size, figures)
        if place is not None:
            figures.append(
                _figure(draws, number, draws.choice(f"shape {number}", len(SHAPES)), *place, radius)
            )
    return figures


def _figure(draws: Draws, number: int, shape: int, x: float, y: float, radius: float) -> _Figure:
    return _Figure(
        shape=shape,
        texture=draws.choice(f"texture {number}", len(TEXTURES)),
        x=x,
        y=y,
        radius=radius,
        angle=draws.number(f"angle {number}", 0.0, 2 * np.pi),
        phase=draws.number(f"phase {number}", 0.0, 1.0),
        lightness=draws.number(f"lightness {number}", 0.57, 0.68),
    )


def _free_place(
    draws: Draws, number: int, radius: float, size: int, figures: list[_Figure]
) -> tuple[float, float] | None:
    margin, gap = radius + 1, 0.03 * size
    for attempt in range(12):
        x = draws.number(f"x {number} attempt {attempt}", margin, size - margin)
        y = draws.number(f"y {number} attempt {attempt}", margin, size - margin)
        if all(np.hypot(x - f.x, y - f.y) > radius + f.radius + gap for f in figures):
            return x, y
    return None


def _paint(
    linear: Float[NDArray[np.float64], "h w c=3"], mask: NDArray[np.uint8], figure: _Figure
) -> list[float]:
    """Draw one shape into the picture and the mask, and return its box."""
    size = mask.shape[0]
    left, top = int(figure.x - figure.radius), int(figure.y - figure.radius)
    right = min(size, int(figure.x + figure.radius) + 2)
    bottom = min(size, int(figure.y + figure.radius) + 2)
    across = _sample_places(left, right)
    down = _sample_places(top, bottom)
    dx, dy = (across - figure.x)[None, :] / figure.radius, (down - figure.y)[:, None] / figure.radius
    cos, sin = np.cos(figure.angle), np.sin(figure.angle)
    u, v = cos * dx + sin * dy, cos * dy - sin * dx
    inside = SHAPE[SHAPES[figure.shape]](u, v)
    bright = TEXTURE[TEXTURES[figure.texture]](u, v, texture_period(figure.radius), figure.phase)

    covered, lit = _per_pixel(inside.astype(np.float64)), _per_pixel(inside * bright)
    dark_color, bright_color = _two_tones(figure)
    view = linear[top:bottom, left:right]
    view *= 1.0 - covered[..., None]
    view += (covered - lit)[..., None] * dark_color + lit[..., None] * bright_color
    mask[top:bottom, left:right][covered >= 0.5] = 1 + figure.shape
    half = 0.5 / _SAMPLES
    columns, rows = across[inside.any(axis=0)], down[inside.any(axis=1)]
    return [columns[0] - half, rows[0] - half, columns[-1] + half, rows[-1] + half]


def _sample_places(start: int, stop: int) -> NDArray[np.float64]:
    return start + (np.arange((stop - start) * _SAMPLES) + 0.5) / _SAMPLES


def _per_pixel(samples: Grid) -> Grid:
    h, w = samples.shape[0] // _SAMPLES, samples.shape[1] // _SAMPLES
    return samples.reshape(h, _SAMPLES, w, _SAMPLES).mean(axis=(1, 3))


def _ground(draws: Draws, size: int) -> Float[NDArray[np.float64], "h w c=3"]:
    """Quiet ground of little color, clearly darker or lighter than every shape."""
    kind = draws.choice("ground", len(GROUNDS))
    # The same contrast looks weaker on a dark ground, so it gets more.
    low, high, contrast = (
        (0.89, 0.95, 0.035) if draws.number("ground side", 0, 1) < 0.5 else (0.24, 0.33, 0.045)
    )
    lightness = draws.number("ground lightness", low, high)
    tone = GROUND[GROUNDS[kind]](draws, size)[..., None]
    dark = _linear_rgb(lightness - contrast, 0.045, _GROUND_HUES_DEG[kind])
    light = _linear_rgb(lightness + contrast, 0.045, _GROUND_HUES_DEG[kind])
    return dark + (light - dark) * tone


def _two_tones(figure: _Figure) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    hue = hue_deg(figure.shape, figure.texture)
    return _linear_rgb(figure.lightness - 0.10, 0.13, hue), _linear_rgb(figure.lightness + 0.10, 0.13, hue)


def _linear_rgb(lightness: float, chroma: float, hue: float) -> Float[NDArray[np.float64], " c=3"]:
    """One OKLCH color as linear sRGB in [0, 1].

    Source:
        Ottosson 2020, "A perceptual color space for image processing", matrices of Oklab.
        Departure: what lies outside sRGB is clipped.
    """
    a, b = chroma * np.cos(np.deg2rad(hue)), chroma * np.sin(np.deg2rad(hue))
    cones = np.array(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ]
    )
    matrix = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    return np.clip(matrix @ cones**3, 0.0, 1.0)


def _encoded(linear: Float[NDArray[np.float64], "h w c=3"]) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    low = 12.92 * linear
    high = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.rint(255 * np.where(linear <= 0.0031308, low, high)).astype(np.uint8, order="C")
