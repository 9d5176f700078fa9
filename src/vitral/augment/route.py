"""`Route`: the geometry of one picture: homographies, displacements, and windows between them."""

import functools
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

Points = Float[NDArray[np.float64], "n xy=2"]
Matrix = Float[NDArray[np.float64], "3 3"]

_SAME = np.eye(3)
_CLOSE_PX, _EDGE_PX = 1e-3, 1e-6
"""How near a place that was searched for must come to the one that is wanted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Displacement:
    """A displacement of one canvas: each point shows what lies some way off.

    Args:
        nodes: how far, along x and y in pixels, at nodes that are spread evenly from edge to edge.
        canvas: height and width of the canvas, in pixels.
        smooth: whether it is cubic (Catmull-Rom) between nodes, else linear. Beyond the canvas it is
            as at its edge.
    """

    nodes: Float[NDArray[np.float64], "rows columns xy=2"]
    canvas: tuple[float, float]
    smooth: bool

    @property
    def around(self) -> Float[NDArray[np.float64], "rows+2 columns+2 xy=2"]:
        """The nodes with one more on each side, on the line through the last two."""
        nodes = self.nodes
        for axis in (0, 1):
            nodes = np.moveaxis(nodes, axis, 0)
            if len(nodes) == 1:
                nodes = nodes.repeat(2, axis=0)
            before, after = 2 * nodes[:1] - nodes[1], 2 * nodes[-1:] - nodes[-2]
            nodes = np.moveaxis(np.concatenate([before, nodes, after]), 0, axis)
        return np.ascontiguousarray(nodes)

    def there(self, points: Points) -> Points:
        """Where what is seen at some points lies."""
        from vitral.augment.kernels.bends import displace

        x, y = np.array(points.T, dtype=np.float64, order="C")
        displace(self.around, *map(float, self.canvas), self.smooth, x, y)
        return np.stack([x, y], axis=1)

    def back(self, points: Points) -> Points:
        """Where points can be seen; NaN where no such place is found.

        A displacement that folds shows a point in several places; this is one of them.
        """
        known = np.isfinite(points).all(axis=1)
        if not known.all():
            found = np.full(points.shape, np.nan)
            found[known] = self.back(points[known])
            return found
        found, done = self._searched(points, 2 * points - self.there(points))
        if not done.all():
            rest = points[~done]
            tall, wide = self.canvas
            y, x = np.meshgrid(np.linspace(0, tall, 49), np.linspace(0, wide, 49), indexing="ij")
            lattice = np.stack([x.ravel(), y.ravel()], axis=1)
            away = ((self.there(lattice)[None] - rest[:, None]) ** 2).sum(axis=2)
            found[~done], done[~done] = self._searched(rest, lattice[away.argmin(axis=1)])
        return np.where(done[:, None], found, np.nan)

    def _searched(self, points: Points, start: Points) -> tuple[Points, Bool[NDArray[np.bool_], " n"]]:
        """Newton's method from a start, with slopes by differences."""
        at, step = start.copy(), 1e-3
        right, down = np.array([step, 0.0]), np.array([0.0, step])
        for _ in range(12):
            wrong = self.there(at) - points
            if (np.abs(wrong) < _CLOSE_PX / 10).all():
                break
            x = (self.there(at + right) - self.there(at - right)) / (2 * step)
            y = (self.there(at + down) - self.there(at - down)) / (2 * step)
            bend = x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0]
            bend = np.where(np.abs(bend) < 1e-6, 1e-6, bend)
            move = np.stack(
                [
                    (y[:, 1] * wrong[:, 0] - y[:, 0] * wrong[:, 1]) / bend,
                    (x[:, 0] * wrong[:, 1] - x[:, 1] * wrong[:, 0]) / bend,
                ],
                axis=1,
            )
            # A step over more than a part of the canvas has left where slopes mean something.
            far = np.hypot(*move.T)[:, None]
            at = at - move * np.minimum(1.0, 0.2 * max(self.canvas) / np.maximum(far, 1e-9))
        return at, np.abs(self.there(at) - points).max(axis=1, initial=0.0) < _CLOSE_PX


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """The canvas between two looks at the pixels: of what lies beyond it the second one sees nothing.

    Args:
        height: in pixels.
        width: in pixels.
    """

    height: float
    width: float

    def there(self, points: Points) -> Points:
        """The points; NaN for those beyond."""
        with np.errstate(invalid="ignore"):
            inside = (points >= -_EDGE_PX) & (points <= np.array([self.width, self.height]) + _EDGE_PX)
        return np.where(inside.all(axis=1, keepdims=True), points, np.nan)

    back = there

    @property
    def sides(self) -> Float[NDArray[np.float64], "sides=4 3"]:
        """Linear forms of (x, y, 1) that are at least 0 inside."""
        return np.array([[1, 0, 0], [-1, 0, self.width], [0, 1, 0], [0, -1, self.height]], dtype=np.float64)


Step = Matrix | Displacement | Window


@dataclass(frozen=True, eq=False)
class Route:
    """From the points of what was made of a picture to those of the picture.

    Args:
        steps: matrices, of (x, y, 1) up to a factor, displacements, and windows; the last is taken first.
    """

    steps: tuple[Step, ...]

    @property
    def matrix(self) -> Matrix | None:
        """All of it as one homography; None where something is bent, or hidden by a window."""
        return self.steps[0] if len(self.steps) == 1 and isinstance(self.steps[0], np.ndarray) else None

    def unbent(self) -> tuple[Matrix, list[tuple[Window, Matrix]]] | None:
        """The way as a homography, and that from what was made to each window; None where anything is bent.

        Depths are above 0 for what is seen.
        """
        whole, windows = _SAME, []
        for step in reversed(self.steps):
            if isinstance(step, Displacement):
                return None
            if isinstance(step, Window):
                windows.append((step, whole))
            else:
                whole = np.asarray(facing(step) @ whole, dtype=np.float64)
        return whole, windows

    @functools.cached_property
    def whole(self) -> "Route":
        """The same without windows, for how large a thing would be if all of it were seen."""
        open_ = tuple(step for step in self.steps if not isinstance(step, Window))
        return self if len(open_) == len(self.steps) else joined(open_)

    @property
    def legs(self) -> "tuple[Route | Window, ...]":
        """The windows and the ways between them, in the order in which `back` takes them."""
        legs: list[Self | Window] = []
        begun: list[Step] = []
        for step in (*self.steps, None):
            if step is not None and not isinstance(step, Window):
                begun.append(step)
                continue
            if begun:
                legs.append(type(self)(tuple(begun)))
            begun = []
            if step is not None:
                legs.append(step)
        return tuple(legs)

    def there(self, points: Points) -> Points:
        """Where points of what was made lie in the picture; NaN where it shows none of it.

        That is behind the horizon of a perspective, and beyond a window.
        """
        for step in reversed(self.steps):
            points = through(points, step) if isinstance(step, np.ndarray) else step.there(points)
        return points

    def back(self, points: Points) -> Points:
        """Where points of the picture lie in what was made; NaN where they cannot."""
        for step in self.steps:
            points = through_back(points, step) if isinstance(step, np.ndarray) else step.back(points)
        return points

    def places(self, height: int, width: int) -> Float[NDArray[np.float64], "xy=2 height width"]:
        """Where the centers of all pixels of what was made lie in the picture; see `there`."""
        from vitral.augment.kernels.bends import displace, follow

        y, x = np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij")
        places = np.stack([x.ravel(), y.ravel()]).astype(np.float64)
        for step in reversed(self.steps):
            if isinstance(step, Displacement):
                displace(step.around, *map(float, step.canvas), step.smooth, *places)
            elif isinstance(step, Window):
                places = np.ascontiguousarray(step.there(places.T).T)
            elif (step != _SAME).any():
                follow(np.ascontiguousarray(step), *places)
        return places.reshape(2, height, width)

    def centers(self, height: int, width: int) -> Float[NDArray[np.float32], "xy=2 height width"]:
        """As `places`, but in pixels whose first center is 0, to a thousandth, and finite, for rendering."""
        from vitral.augment.kernels.bends import bend_grid

        around = (*([_SAME] if not isinstance(self.steps[0], np.ndarray) else []), *self.steps)
        last, bend, first = (*around, _SAME, _SAME)[:3]
        if len(around) <= 3 and isinstance(bend, Displacement) and _is_upright(first) and _is_affine(last):
            made = np.empty((2, height, width), np.float32)
            matrices = (np.ascontiguousarray(one) for one in (first, last))
            bend_grid(bend.around, *map(float, bend.canvas), bend.smooth, *matrices, made)
            return made
        # Behind a horizon there is nothing: that is just beyond the picture.
        places = np.nan_to_num(self.places(height, width) - 0.5, nan=-1.0, posinf=1e6, neginf=-1e6)
        return places.astype(np.float32)


def _is_affine(step: Step) -> bool:
    return isinstance(step, np.ndarray) and step[2].tolist() == [0, 0, 1]


def _is_upright(step: Step) -> bool:
    return isinstance(step, np.ndarray) and _is_affine(step) and step[0, 1] == 0 and step[1, 0] == 0


def joined(steps: tuple[Step, ...]) -> Route:
    """A route on which neighboring matrices are one."""
    kept: list[Step] = []
    for step in steps:
        if kept and isinstance(step, np.ndarray) and isinstance(kept[-1], np.ndarray):
            kept[-1] = np.asarray(kept[-1] @ step, dtype=np.float64)
        else:
            kept.append(step)
    return Route(tuple(kept))


def through(points: Points, matrix: Matrix) -> Points:
    """Points through a homography; NaN for those behind its horizon."""
    return _through(points, facing(matrix))


def facing(matrix: Matrix) -> Matrix:
    """A homography of depth above 0 for what is seen, which is on the side on which the corner lies."""
    return -matrix if matrix[2, 2] < 0 else matrix


def through_back(points: Points, matrix: Matrix) -> Points:
    """Points through the inverse of a homography; NaN for those that it shows nowhere."""
    return _through(points, inverse(matrix))


def inverse(matrix: Matrix) -> Matrix:
    """The inverse of a homography: of depth above 0 for all that it shows, and 1 for what its corner does."""
    return np.asarray(np.linalg.inv(matrix / (matrix[2, 2] or 1.0)), dtype=np.float64)


def _through(points: Points, matrix: Matrix) -> Points:
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(moved[:, 2:] > 0, moved[:, :2] / moved[:, 2:], np.nan)
