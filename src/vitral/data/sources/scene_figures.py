"""Where the shapes of drawn scenes lie and how they look, before a pixel is drawn.

All scenes of a set are laid out at once: it takes a hundredth of the time of drawing them, so that
the boxes of a set are known when it is opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from vitral.core import permutation, uniform
from vitral.data.sources.scene_patterns import HULL, SHAPE, TEXTURE

SHAPES, TEXTURES = tuple(SHAPE), tuple(TEXTURE)

_SMALL_ONES, _ATTEMPTS = 2, 12
_GAP = 0.03

Numbers = Float[NDArray[np.float64], "b n=3"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One shape of a scene.

    Args:
        shape: its class number.
        texture: number of its texture.
        x: of its middle, in pixels.
        y: likewise.
        radius: in pixels.
        angle: in radians.
        phase: of the texture, in [0, 1).
        lightness: in [0, 1].
    """

    shape: int
    texture: int
    x: float
    y: float
    radius: float
    angle: float
    phase: float
    lightness: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Figures:
    """The shapes of some scenes: one main shape each, then up to two small ones, none touching.

    Args:
        there: which shapes a scene has; the first one always.
        shape: class number of each.
        texture: number of the texture of each.
        x: of the middle of each, in pixels.
        y: likewise.
        radius: in pixels.
        angle: in radians.
        phase: of the texture, in [0, 1).
        lightness: in [0, 1].
    """

    there: Bool[NDArray[np.bool_], "b n=3"] = field(repr=False)
    shape: Int[NDArray[np.int64], "b n=3"] = field(repr=False)
    texture: Int[NDArray[np.int64], "b n=3"] = field(repr=False)
    x: Numbers = field(repr=False)
    y: Numbers = field(repr=False)
    radius: Numbers = field(repr=False)
    angle: Numbers = field(repr=False)
    phase: Numbers = field(repr=False)
    lightness: Numbers = field(repr=False)

    def of(self, row: int) -> list[Figure]:
        """The shapes of one scene, the main shape first."""
        columns = np.flatnonzero(self.there[row])
        values = {one.name: getattr(self, one.name)[row, columns].tolist() for one in fields(Figure)}
        return [Figure(**{name: v[n] for name, v in values.items()}) for n in range(len(columns))]

    def boxes(self) -> Float[NDArray[np.float64], "m xyxy=4"]:
        """The exact extent of every shape that is there, scene after scene, the main shape first."""
        shape, angle = self.shape[self.there], self.angle[self.there]
        reach = np.empty((len(shape), 4))
        for number, name in enumerate(SHAPES):
            corners, rounded = HULL[name]
            here = shape == number
            cos, sin = np.cos(angle[here])[:, None], np.sin(angle[here])[:, None]
            u, v = np.array(corners).T
            x, y = cos * u - sin * v, sin * u + cos * v
            reach[here, 0], reach[here, 1] = x.min(axis=1) - rounded, y.min(axis=1) - rounded
            reach[here, 2], reach[here, 3] = x.max(axis=1) + rounded, y.max(axis=1) + rounded
        middle = np.stack([self.x[self.there], self.y[self.there]], axis=1)
        return np.tile(middle, 2) + reach * self.radius[self.there][:, None]


def lay_out(indices: Sequence[int], *, seed: int, size: int) -> Figures:
    """Lay out scenes; each is a pure function of (seed, index, size).

    Args:
        indices: numbers of the scenes, 0 or above.
        seed: another seed gives other scenes.
        size: height and width in pixels.
    """
    given = np.asarray(indices, dtype=np.int64)
    draw = _Drawer(seed, given)
    count, most = len(given), 1 + _SMALL_ONES
    there, shape = np.ones((count, most), dtype=np.bool_), np.zeros((count, most), dtype=np.int64)
    x, y, radius = (np.zeros((count, most)) for _ in range(3))
    shape[:, 0] = scene_labels(given, seed=seed)
    radius[:, 0] = draw.number("radius 0", 0.25, 0.36) * size
    reach = size - 2 * (radius[:, 0] + 1)
    x[:, 0] = radius[:, 0] + 1 + draw.number("x 0", 0, 1) * reach
    y[:, 0] = radius[:, 0] + 1 + draw.number("y 0", 0, 1) * reach
    wanted = draw.choice("count", most)
    for number in range(1, most):
        shape[:, number] = draw.choice(f"shape {number}", len(SHAPES))
        radius[:, number] = draw.number(f"radius {number}", 0.095, 0.125) * size
        there[:, number] = wanted >= number
        _find_places(draw, number, size, there, x, y, radius)
    each = range(most)
    return Figures(
        there=there,
        shape=shape,
        texture=np.stack([draw.choice(f"texture {n}", len(TEXTURES)) for n in each], axis=1),
        x=x,
        y=y,
        radius=radius,
        angle=np.stack([draw.number(f"angle {n}", 0.0, 2 * np.pi) for n in each], axis=1),
        phase=np.stack([draw.number(f"phase {n}", 0.0, 1.0) for n in each], axis=1),
        lightness=np.stack([draw.number(f"lightness {n}", 0.57, 0.68) for n in each], axis=1),
    )


def scene_labels(indices: Int[NDArray[np.int64], " b"], *, seed: int) -> Int[NDArray[np.int64], " b"]:
    """Class number of the main shape of each scene; six in a row have all six."""
    turns, places = np.divmod(indices, len(SHAPES))
    found, inverse = np.unique(turns, return_inverse=True)
    orders = [permutation(len(SHAPES), seed, turn, "scene main shape") for turn in found.tolist()]
    return np.array(orders, dtype=np.int64).reshape(-1, len(SHAPES))[inverse, places]


class _Drawer:
    """Random numbers of scenes by name; asking for one never changes another."""

    def __init__(self, seed: int, indices: Int[NDArray[np.int64], " b"]) -> None:
        self.seed, self.indices = seed, indices

    def number(self, name: str, low: float, high: float) -> Float[NDArray[np.float64], " b"]:
        return uniform(self.seed, 0, self.indices, f"scene {name}", low=low, high=high)

    def choice(self, name: str, count: int) -> Int[NDArray[np.int64], " b"]:
        return self.number(name, 0.0, count).astype(np.int64)

    def only(self, rows: Bool[NDArray[np.bool_], " b"]) -> "_Drawer":
        return _Drawer(self.seed, self.indices[rows])


def _find_places(
    draw: _Drawer,
    number: int,
    size: int,
    there: NDArray[np.bool_],
    *place: NDArray[np.float64],
) -> None:
    """Put the small shape of this number where it is free; where none is found, it is not there."""
    x, y, radius = place
    left = there[:, number].copy()
    for attempt in range(_ATTEMPTS):
        if not left.any():
            break
        own, drawn = radius[left, number], draw.only(left)
        margin = own + 1
        span = (size - margin) - margin
        new_x = margin + span * drawn.number(f"x {number} attempt {attempt}", 0, 1)
        new_y = margin + span * drawn.number(f"y {number} attempt {attempt}", 0, 1)
        apart = np.hypot(new_x[:, None] - x[left, :number], new_y[:, None] - y[left, :number])
        least = own[:, None] + radius[left, :number] + _GAP * size
        free = ((apart > least) | ~there[left, :number]).all(axis=1)
        rows = np.flatnonzero(left)[free]
        x[rows, number], y[rows, number] = new_x[free], new_y[free]
        left[rows] = False
    there[left, number] = False
