"""Drawn scenes: colored shapes on textured ground, for tests and demonstrations of every task.

A shape has a class and a texture, and the two decide its color: a striped star is always of
one hue, a dotted star of another. The color of the ground follows from its texture in the same
way. A picture turned to grey therefore still holds what is needed to color it again; only
lightness, place, size and rotation are free. A scene is a pure function of (seed, index, size).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy.typing import NDArray

from vitral.core import OptionError
from vitral.data.sources.scene_figures import SHAPES, TEXTURES, Figure, lay_out
from vitral.data.sources.scene_patterns import GROUND, SHAPE, TEXTURE, Draws, Grid, texture_period

GROUNDS = tuple(GROUND)

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
        boxes: `x0 y0 x1 y1`, the exact extent of each shape in the continuous pixel frame, the main
            shape first.
        box_labels: class number of each box.
    """

    pixels: UInt8[NDArray[np.uint8], "h w c=3"] = field(repr=False)
    label: int
    mask: UInt8[NDArray[np.uint8], "h w"] = field(repr=False)
    boxes: Float[NDArray[np.float64], "n xyxy=4"]
    box_labels: Int[NDArray[np.int64], " n"]


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
    found = lay_out([index], seed=seed, size=size)
    figures = found.of(0)
    return Scene(
        pixels=draw_pixels(figures, Draws(seed, index), size),
        label=figures[0].shape,
        mask=draw_mask(figures, size),
        boxes=found.boxes(),
        box_labels=found.shape[found.there],
    )


def draw_pixels(figures: Sequence[Figure], draws: Draws, size: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    """The shapes on their ground, in sRGB.

    Args:
        figures: the shapes of one scene; a later one covers those before.
        draws: random numbers of that scene.
        size: height and width in pixels.
    """
    linear = _ground(draws, size)
    for figure in figures:
        _paint(linear, figure)
    return _encoded(linear)


def draw_mask(figures: Sequence[Figure], size: int) -> UInt8[NDArray[np.uint8], "h w"]:
    """Class numbers of pixels: 0 is ground, 1 + class number where a shape covers at least half.

    Args:
        figures: the shapes of one scene; a later one covers those before.
        size: height and width in pixels.
    """
    mask = np.zeros((size, size), dtype=np.uint8)
    for figure in figures:
        at, u, v = _samples(figure, size)
        inside = SHAPE[SHAPES[figure.shape]](u, v)
        mask[at][_per_pixel(inside.astype(np.float64)) >= 0.5] = 1 + figure.shape
    return mask


def hue_deg(shape: int, texture: int) -> float:
    """Hue of a shape with a texture, in degrees of OKLCH; all 24 pairs differ by at least 15.

    A step of shape turns by 60 degrees, a step of texture by 105, so neither is enough alone.
    """
    return 15.0 * ((4 * shape + 7 * texture) % (len(SHAPES) * len(TEXTURES)))


def _paint(linear: Float[NDArray[np.float64], "h w c=3"], figure: Figure) -> None:
    """Draw one shape into the picture."""
    at, u, v = _samples(figure, linear.shape[0])
    inside = SHAPE[SHAPES[figure.shape]](u, v)
    bright = TEXTURE[TEXTURES[figure.texture]](u, v, texture_period(figure.radius), figure.phase)
    covered, lit = _per_pixel(inside.astype(np.float64)), _per_pixel(inside * bright)
    dark_color, bright_color = _two_tones(figure)
    view = linear[at]
    view *= 1.0 - covered[..., None]
    view += (covered - lit)[..., None] * dark_color + lit[..., None] * bright_color


def _samples(figure: Figure, size: int) -> tuple[tuple[slice, slice], Grid, Grid]:
    """The rows and columns around a shape, and u and v of all samples in them."""
    left, top = int(figure.x - figure.radius), int(figure.y - figure.radius)
    right = min(size, int(figure.x + figure.radius) + 2)
    bottom = min(size, int(figure.y + figure.radius) + 2)
    across = _sample_places(left, right)
    down = _sample_places(top, bottom)
    dx, dy = (across - figure.x)[None, :] / figure.radius, (down - figure.y)[:, None] / figure.radius
    cos, sin = np.cos(figure.angle), np.sin(figure.angle)
    return (slice(top, bottom), slice(left, right)), cos * dx + sin * dy, cos * dy - sin * dx


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


def _two_tones(figure: Figure) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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
