"""What a drawn scene is made of: shapes, their textures, and patterns of the ground.

Shapes are tests "is this point inside" in the unit circle, u to the right and v down before the
rotation. Textures and patterns give a tone in [0, 1] between a dark and a bright color.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from vitral.core import uniform

Grid = Float[NDArray[np.float64], "h w"]
Inside = Bool[NDArray[np.bool_], "h w"]


def _triangle(u: Grid, v: Grid) -> Inside:
    return (v <= 0.5) & (np.abs(u) * np.sqrt(3) - v <= 1.0)


def _star(u: Grid, v: Grid) -> Inside:
    sector = 2 * np.pi / 5
    angle = np.abs((np.arctan2(u, -v) + sector / 2) % sector - sector / 2)
    radius = np.hypot(u, v)
    # One edge of the star runs from its tip (1, 0) to the notch between two tips.
    notch_x, notch_y = 0.45 * np.cos(sector / 2), 0.45 * np.sin(sector / 2)
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    return notch_y * (1 - x) - (1 - notch_x) * y >= 0


def _ring(u: Grid, v: Grid) -> Inside:
    squared = u * u + v * v
    return (squared <= 1.0) & (squared >= 0.52**2)


def _cross(u: Grid, v: Grid) -> Inside:
    u, v = np.abs(u), np.abs(v)
    return (np.minimum(u, v) <= 0.28) & (np.maximum(u, v) <= 0.95)


SHAPE: dict[str, Callable[[Grid, Grid], Inside]] = {
    "disc": lambda u, v: u * u + v * v <= 0.92,
    "square": lambda u, v: np.maximum(np.abs(u), np.abs(v)) <= 0.7,
    "triangle": _triangle,
    "star": _star,
    "ring": _ring,
    "cross": _cross,
}

_TURNS = 2 * np.pi / 5 * np.arange(5)
HULL: dict[str, tuple[list[tuple[float, float]], float]] = {
    "disc": ([(0.0, 0.0)], np.sqrt(0.92)),
    "square": ([(-0.7, -0.7), (0.7, -0.7), (0.7, 0.7), (-0.7, 0.7)], 0.0),
    "triangle": ([(0.0, -1.0), (1.5 / np.sqrt(3), 0.5), (-1.5 / np.sqrt(3), 0.5)], 0.0),
    "star": ([(float(np.sin(turn)), float(-np.cos(turn))) for turn in _TURNS], 0.0),
    "ring": ([(0.0, 0.0)], 1.0),
    "cross": (
        [(x * a, y * b) for a, b in ((0.95, 0.28), (0.28, 0.95)) for x in (-1, 1) for y in (-1, 1)],
        0.0,
    ),
}
"""What each shape reaches: the corners of its hull, and how far it is round beyond them."""


def texture_period(radius: float) -> float:
    """Length of a texture's repeat as a share of the radius (px); wide enough on small shapes."""
    return max(0.34, 4.5 / radius)


def _stripes(u: Grid, v: Grid, period: float, phase: float) -> Grid:
    del v
    return ((u / period + phase) % 1.0 < 0.5).astype(np.float64)


def _checks(u: Grid, v: Grid, period: float, phase: float) -> Grid:
    cell = 0.7 * period
    return (np.floor(u / cell + phase) + np.floor(v / cell + phase)) % 2


def _dots(u: Grid, v: Grid, period: float, phase: float) -> Grid:
    cell = 1.1 * period
    x, y = (u / cell + phase) % 1.0 - 0.5, (v / cell + phase) % 1.0 - 0.5
    return (x * x + y * y < 0.33**2).astype(np.float64)


def _gradient(u: Grid, v: Grid, period: float, phase: float) -> Grid:
    del period
    ripple = np.sin(7 * v + 2 * np.pi * phase) * np.cos(5 * u)
    return np.clip(0.5 + 0.5 * u + 0.12 * ripple, 0.0, 1.0)


TEXTURE: dict[str, Callable[[Grid, Grid, float, float], Grid]] = {
    "stripes": _stripes,
    "checks": _checks,
    "dots": _dots,
    "gradient": _gradient,
}


class Draws:
    """Random numbers of one scene by name; asking for one never changes another."""

    def __init__(self, seed: int, index: int) -> None:
        self.seed, self.index = seed, index

    def number(self, name: str, low: float, high: float) -> float:
        """The number of this name, in [low, high)."""
        return float(uniform(self.seed, 0, self.index, f"scene {name}", low=low, high=high))

    def choice(self, name: str, count: int) -> int:
        """A whole number of this name, in [0, count)."""
        return int(self.number(name, 0.0, count))

    def lattice(self, name: str, side: int) -> Grid:
        """A square of numbers in [0, 1)."""
        cells = np.arange(side * side).reshape(side, side) + self.index * side * side
        return uniform(self.seed, 0, cells, f"scene {name}")


def _clouds(draws: Draws, size: int) -> Grid:
    coarse = _stretched(draws.lattice("clouds coarse", 5), size)
    fine = _stretched(draws.lattice("clouds fine", 17), size)
    return np.clip(0.65 * coarse + 0.35 * fine, 0.0, 1.0)


def _weave(draws: Draws, size: int) -> Grid:
    threads = np.arange(size) * (2 * np.pi / max(4.0, size / 13))
    across = np.sin(threads + draws.number("weave x", 0, 2 * np.pi))
    down = np.sin(threads + draws.number("weave y", 0, 2 * np.pi))
    return 0.5 + 0.25 * across[None, :] + 0.25 * down[:, None]


def _waves(draws: Draws, size: int) -> Grid:
    place = (np.arange(size) + 0.5) / size
    angle = draws.number("waves angle", 0, np.pi)
    along = np.cos(angle) * place[None, :] + np.sin(angle) * place[:, None]
    beside = np.cos(angle) * place[:, None] - np.sin(angle) * place[None, :]
    bend = 0.05 * np.sin(9 * beside + draws.number("waves bend", 0, 2 * np.pi))
    return 0.5 + 0.5 * np.sin(2 * np.pi * 7 * (along + bend))


GROUND: dict[str, Callable[[Draws, int], Grid]] = {"clouds": _clouds, "weave": _weave, "waves": _waves}


def _stretched(lattice: Grid, size: int) -> Grid:
    """Stretch a small lattice over the picture, linearly with soft corners."""
    place = (np.arange(size) + 0.5) / size * (lattice.shape[0] - 1)
    low = np.minimum(place.astype(int), lattice.shape[0] - 2)
    share = place - low
    share = share * share * (3 - 2 * share)
    rows = lattice[low] * (1 - share)[:, None] + lattice[low + 1] * share[:, None]
    return rows[:, low] * (1 - share) + rows[:, low + 1] * share
