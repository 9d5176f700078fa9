"""Masks, boxes and points follow the pixels: the same geometry, by the same numbers.

Points and boxes are in the continuous frame, where pixel i covers [i, i + 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy.typing import NDArray

from vitral.augment.plan import Plan
from vitral.augment.route import Matrix, Points, Route, through

NOT_COUNTED = 255
"""What a mask says of pixels that come in from outside."""

Geometry = Matrix | Route
"""What leads from what was made to the picture: a matrix, as in a plan, or a route."""

Boxes = Float[NDArray[np.float64], "n xyxy=4"]


def moved_points(points: Points, way: Geometry) -> Points:
    """Where points of a picture lie in what was made of it.

    Args:
        points: x and y in the picture.
        way: from what was made to the picture.
    Returns:
        Places, perhaps outside; NaN for a point that can be seen nowhere: behind the horizon of a
        perspective, or where no displacement leads.
    """
    if isinstance(way, Route):
        return way.back(points)
    return through(points, np.asarray(np.linalg.inv(way), dtype=np.float64))


def moved_back(points: Points, way: Geometry) -> Points:
    """Where points of what was made lie in the picture, for predictions on changed pictures."""
    return way.there(points) if isinstance(way, Route) else through(points, way)


def moved_boxes(boxes: Boxes, way: Geometry) -> Boxes:
    """The upright boxes around each box where it has moved; not cut off.

    They hold the four corners; where geometry is bent, and corners are not all, 16 points of each side.
    """
    boxes = boxes.reshape(-1, 4)
    bent = isinstance(way, Route) and way.matrix is None
    share = _OUTLINE if bent else _CORNERS
    x0, y0, x1, y1 = (side[:, None] for side in boxes.T)
    outline = np.stack([x0 + share[:, 0] * (x1 - x0), y0 + share[:, 1] * (y1 - y0)], axis=2)
    places = moved_points(outline.reshape(-1, 2), way).reshape(-1, len(share), 2)
    if bent and len(boxes):
        # What a displacement has moved out of sight leaves the rest of its box.
        gone = np.isnan(places).any(axis=2, keepdims=True)
        low, high = np.where(gone, np.inf, places).min(axis=1), np.where(gone, -np.inf, places).max(axis=1)
        found = np.concatenate([low, high], axis=1)
        return np.where(np.isfinite(found), found, np.nan)
    return np.concatenate([places.min(axis=1), places.max(axis=1)], axis=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """Boxes as far as they can be seen.

    Args:
        boxes: cut off at the borders.
        kept: which of the boxes before these are.
    """

    boxes: Boxes
    kept: Bool[NDArray[np.bool_], " n"]


def seen_boxes(boxes: Boxes, *, height: int, width: int, least: float) -> Seen:
    """Cut boxes off at the borders; those of which too little is left are dropped.

    Args:
        boxes: x0 y0 x1 y1, perhaps beyond the borders.
        height: of what is seen, in pixels.
        width: of what is seen.
        least: share of a box's area that must be left, in [0, 1]; nothing at all is never kept.
    """
    cut = np.clip(boxes, 0.0, np.tile([width, height], 2).astype(np.float64))
    before, after = _areas(boxes), _areas(cut)
    with np.errstate(invalid="ignore"):
        kept = (after > 0) & (after >= least * before)
    return Seen(boxes=cut[kept], kept=kept)


def moved_mask(
    mask: UInt8[NDArray[np.uint8], "h w"],
    way: Geometry,
    *,
    size: tuple[int, int],
    height: int,
    width: int,
) -> UInt8[NDArray[np.uint8], "height width"]:
    """The mask of what was made: of each pixel the number at its center, 255 outside.

    Args:
        mask: class numbers of the picture's pixels; it may have another resolution than the picture.
        way: from what was made to the picture.
        size: height and width of the picture.
        height: of what was made.
        width: of what was made.
    """
    from vitral.augment.nearest import pick_nearest, sample_nearest

    tall, wide = mask.shape
    scale = np.diag([wide / size[1], tall / size[0], 1.0])
    out, matrix = np.empty((height, width), dtype=np.uint8), way.matrix if isinstance(way, Route) else way
    if matrix is None:
        assert isinstance(way, Route)
        x, y = way.places(height, width)
        pick_nearest(np.ascontiguousarray(mask), x * scale[0, 0], y * scale[1, 1], NOT_COUNTED, out)
        return out
    sample_nearest(np.ascontiguousarray(mask), np.ascontiguousarray(scale @ matrix), NOT_COUNTED, out)
    return out


def moved_targets(
    plan: Plan,
    *,
    boxes: Sequence[Boxes] | None = None,
    points: Sequence[Float[NDArray[np.float64], "n p 3"]] | None = None,
    least: float = 0.0,
) -> tuple[list[Seen] | None, list[NDArray[np.float64]] | None]:
    """Boxes and points of all pictures of a batch where the plan moves them.

    Args:
        plan: of the batch.
        boxes: of each picture.
        points: x, y and visibility of the points of each object; one that leaves the input becomes
            invisible (0), and its place stays outside.
        least: see `seen_boxes`.
    """
    if boxes is None and points is None:
        return None, None
    routes, found, clouds = [plan.route(i) for i in range(len(plan.sizes))], None, None
    if boxes is not None:
        found = [
            seen_boxes(moved_boxes(some, route), height=plan.height, width=plan.width, least=least)
            for some, route in zip(boxes, routes, strict=True)
        ]
    if points is not None:
        clouds = []
        for number, (some, route) in enumerate(zip(points, routes, strict=True)):
            kept = some if found is None else some[found[number].kept]
            clouds.append(_seen_points(kept, route, plan.height, plan.width))
    return found, clouds


def _seen_points(
    points: NDArray[np.float64], route: Route, height: int, width: int
) -> NDArray[np.float64]:
    places = moved_points(points[..., :2].reshape(-1, 2), route)
    inside = ((places >= 0) & (places < (width, height))).all(axis=1)
    visible = np.where(inside, points[..., 2].reshape(-1), 0.0)
    return np.concatenate([places, visible[:, None]], axis=1).reshape(points.shape)


_CORNERS = np.array([(0, 0), (1, 0), (0, 1), (1, 1)], dtype=np.float64)
_PARTS = np.linspace(0, 1, 16, endpoint=False)
_OUTLINE = np.concatenate(
    [
        np.stack([_PARTS, 0 * _PARTS], axis=1),
        np.stack([0 * _PARTS + 1, _PARTS], axis=1),
        np.stack([1 - _PARTS, 0 * _PARTS + 1], axis=1),
        np.stack([0 * _PARTS, 1 - _PARTS], axis=1),
    ]
)


def _areas(boxes: Boxes) -> Float[NDArray[np.float64], " n"]:
    return np.clip(boxes[:, 2] - boxes[:, 0], 0, None) * np.clip(boxes[:, 3] - boxes[:, 1], 0, None)
