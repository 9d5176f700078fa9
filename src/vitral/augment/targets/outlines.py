"""`moved_polygons`, `moved_lines`: outlines follow the pixels, and are cut off at the borders.

Points are in the continuous frame, where pixel i covers [i, i + 1): the frame of what was made is
[0, width] x [0, height]. Under a homography edges stay straight, and what would lie behind its horizon is
cut off before it is moved; where geometry is bent, edges are followed in short pieces.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.route import Matrix, Points, Route, Window, inverse
from vitral.augment.targets.moved import IN_FRONT, Boxes, Geometry, moved_points

_PIECES, _SHORT_PX, _NOTHING = 256, 1.0, 1e-9

_Sides = Float[NDArray[np.float64], "sides 3"]

_HORIZON = np.array([[0.0, 0, 1]])


def moved_polygons(polygons: Sequence[Points], way: Geometry, *, height: int, width: int) -> list[Points]:
    """Polygons where they lie in what was made, as far as they can be seen.

    Args:
        polygons: corners of each in the picture, n x 2, in turn; the last is joined to the first.
        way: from what was made to the picture.
        height: of what was made, in pixels.
        width: of what was made.
    Returns:
        As many; 0 x 2 for one of which nothing is seen. A polygon that is not convex and is seen in
        several parts stays one: edges of no area along the border join its parts.
    """
    return cut_polygons(whole_polygons(polygons, way), height=height, width=width)


def whole_polygons(polygons: Sequence[Points], way: Geometry) -> list[Points]:
    """Polygons where they lie in what was made, beyond its borders too; not behind a horizon.

    Between two passes they are cut off at the canvas, if the second one looks beyond it.
    """
    moved = list(polygons)
    for leg in _legs(way):
        if isinstance(leg, Window):
            moved = cut_polygons(moved, height=leg.height, width=leg.width)
        else:
            moved = _polygons_along(moved, leg)
    return moved


def _polygons_along(polygons: Sequence[Points], way: Geometry) -> list[Points]:
    matrix = way.matrix if isinstance(way, Route) else way
    if matrix is not None:
        back = inverse(matrix)
        return [_lowered(_cut(_lifted(polygon, back), _HORIZON, IN_FRONT)) for polygon in polygons]
    bent = _moved_bent([subdivided(polygon, closed=True) for polygon in polygons], way)
    return [polygon[np.isfinite(polygon).all(axis=1)] for polygon in bent]


def cut_polygons(polygons: Sequence[Points], *, height: float, width: float) -> list[Points]:
    """Polygons cut off at the borders; 0 x 2 where nothing is left."""
    sides, size, found = Window(height=height, width=width).sides, np.array([width, height]), []
    for polygon in polygons:
        if len(polygon) > 2 and not ((polygon >= 0) & (polygon <= size)).all():
            # What lies on a border lies there, whatever was rounded.
            polygon = np.clip(_lowered(_cut(_lifted(polygon), sides)), 0.0, size)
        whole = len(polygon) > 2 and areas_of_polygons([polygon])[0] > _NOTHING
        found.append(polygon if whole else np.zeros((0, 2)))
    return found


def moved_lines(lines: Sequence[Points], way: Geometry, *, height: int, width: int) -> list[list[Points]]:
    """Lines of many points where they lie in what was made, as far as they can be seen.

    Args:
        lines: points of each in the picture, n x 2, in turn.
        way: from what was made to the picture.
        height: of what was made, in pixels.
        width: of what was made.
    Returns:
        Of each line the pieces that are seen, in turn: none, or one, or several where it leaves and
        comes back.
    """
    seen = [[line] for line in lines]
    for leg in (*_legs(way), Window(height=height, width=width)):
        runs = [run for several in seen for run in several]
        pieces = iter(_lines_inside(runs, leg) if isinstance(leg, Window) else _lines_along(runs, leg))
        seen = [[piece for _ in several for piece in next(pieces)] for several in seen]
    return seen


def _lines_along(lines: Sequence[Points], way: Geometry) -> list[list[Points]]:
    """Lines where they lie in what was made, in the pieces that are anywhere."""
    matrix = way.matrix if isinstance(way, Route) else way
    if matrix is not None:
        back = inverse(matrix)
        return [[_lowered(run) for run in _pieces(_lifted(line, back), _HORIZON, IN_FRONT)] for line in lines]
    bent = _moved_bent([subdivided(line, closed=False) for line in lines], way)
    return [_finite_runs(line) for line in bent]


def _lines_inside(lines: Sequence[Points], window: Window) -> list[list[Points]]:
    sides, size = window.sides, np.array([window.width, window.height])
    return [
        [np.clip(_lowered(piece), 0.0, size) for piece in _pieces(_lifted(line), sides)] for line in lines
    ]


def _legs(way: Geometry) -> tuple[Geometry | Window, ...]:
    return way.legs if isinstance(way, Route) else (way,)


def boxes_of_polygons(polygons: Sequence[Points]) -> Boxes:
    """The tight upright box of each polygon; NaN for one without corners."""
    found = np.full((len(polygons), 4), np.nan)
    for number, polygon in enumerate(polygons):
        if len(polygon):
            found[number] = *polygon.min(axis=0), *polygon.max(axis=0)
    return found


def areas_of_polygons(polygons: Sequence[Points]) -> Float[NDArray[np.float64], " n"]:
    """The area of each polygon, whichever way round it goes."""
    found = np.zeros(len(polygons))
    for number, polygon in enumerate(polygons):
        if len(polygon) > 2:
            # Seen from one of its corners: far from the origin products would lose digits.
            x, y = (polygon - polygon[0]).T
            found[number] = abs((x * _after(y) - _after(x) * y).sum()) / 2
    return found


def subdivided(points: Points, *, closed: bool) -> Points:
    """The same outline with points along its long edges, for geometry that bends them.

    Args:
        points: n x 2, in turn.
        closed: whether the last point is joined to the first.
    """
    if len(points) < 2:
        return points
    ends = _after(points) if closed else points[1:]
    starts = points if closed else points[:-1]
    lengths = np.hypot(*(ends - starts).T)
    step = max(float(lengths.sum()) / _PIECES, _SHORT_PX)
    counts = np.maximum(np.ceil(lengths / step), 1).astype(np.int64)
    edge = np.repeat(np.arange(len(counts)), counts)
    share = (np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)) / counts[edge]
    pieces = starts[edge] + share[:, None] * (ends - starts)[edge]
    return pieces if closed else np.concatenate([pieces, points[-1:]])


def _moved_bent(outlines: Sequence[Points], way: Geometry) -> list[Points]:
    if not outlines:
        return []
    moved = moved_points(np.concatenate(outlines), way)
    return np.split(moved, np.cumsum([len(one) for one in outlines])[:-1])


def _after(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each corner what the next one has; quicker than `np.roll` for the few that there are."""
    return np.concatenate([values[1:], values[:1]])


def _lifted(points: Points, matrix: Matrix | None = None) -> Float[NDArray[np.float64], "n xyw=3"]:
    """Points through a matrix, times their depth, which is above 0 in front of the horizon."""
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    lifted = np.concatenate([points, np.ones((len(points), 1))], axis=1)
    return lifted if matrix is None else lifted @ matrix.T


def _lowered(lifted: NDArray[np.float64]) -> Points:
    return lifted[:, :2] / lifted[:, 2:]


def _cut(lifted: NDArray[np.float64], sides: _Sides, least: float = 0.0) -> NDArray[np.float64]:
    """What is left of a polygon inside all sides, as Sutherland and Hodgman 1974 do it."""
    for side in sides:
        inside = lifted @ side - least
        if (inside >= 0).all():
            continue
        # A corner that is inside stays, and so does the place where an edge crosses.
        after, inside_after = _after(lifted), _after(inside)
        crosses = (inside >= 0) != (inside_after >= 0)
        share = np.where(crosses, inside / np.where(crosses, inside - inside_after, 1.0), 0.0)
        places = lifted + share[:, None] * (after - lifted)
        both = np.stack([lifted, places], axis=1).reshape(-1, 3)
        lifted = both[np.stack([inside >= 0, crosses], axis=1).ravel()]
    return lifted


def _pieces(lifted: NDArray[np.float64], sides: _Sides, least: float = 0.0) -> list[NDArray[np.float64]]:
    """The parts of a line inside all sides: Liang and Barsky 1984, on all its segments at once."""
    values = lifted @ sides.T - least
    before, after = values[:-1], values[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        cross = before / (before - after)
    enters = np.where((before < 0) & (after >= 0), cross, 0.0).max(axis=1, initial=0.0)
    leaves = np.where((before >= 0) & (after < 0), cross, 1.0).min(axis=1, initial=1.0)
    seen = (enters < leaves) & ~((before < 0) & (after < 0)).any(axis=1)
    pieces: list[list[NDArray[np.float64]]] = []
    left_at = -1
    for number in np.flatnonzero(seen).tolist():
        start, step = lifted[number], lifted[number + 1] - lifted[number]
        # A segment goes on where the one before it ended inside.
        if left_at != number or enters[number] > 0:
            pieces.append([start + enters[number] * step])
        whole = leaves[number] == 1
        pieces[-1].append(lifted[number + 1] if whole else start + leaves[number] * step)
        left_at = number + 1 if whole else -1
    return [np.array(piece) for piece in pieces]


def _finite_runs(line: Points) -> list[Points]:
    """The parts of a line between points that are seen nowhere."""
    known = np.isfinite(line[:, 0]) & np.isfinite(line[:, 1])
    cuts = np.flatnonzero(known[1:] != known[:-1]) + 1
    bounds = [0, *cuts.tolist(), len(line)]
    return [line[start:end] for start, end in pairwise(bounds) if end > start and known[start]]
