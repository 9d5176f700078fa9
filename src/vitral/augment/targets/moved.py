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
    from vitral.augment.kernels.nearest import pick_nearest, sample_nearest

    mask = np.ascontiguousarray(mask)
    out = np.empty((height, width), dtype=np.uint8)
    if mask.size == 0:
        out[:] = NOT_COUNTED
        return out
    x_scale, y_scale = mask.shape[1] / size[1], mask.shape[0] / size[0]
    matrix = way.matrix if isinstance(way, Route) else way
    if matrix is None:
        assert isinstance(way, Route)
        x, y = way.places(height, width)
        pick_nearest(mask, x * x_scale, y * y_scale, NOT_COUNTED, out)
        return out
    sample_nearest(mask, onto_grid(matrix, x_scale, y_scale), NOT_COUNTED, out)
    return out


def onto_grid(matrix: Matrix, x_scale: float, y_scale: float) -> Matrix:
    """A matrix that leads on to pixels of another resolution, as the compiled samplers take it."""
    scaled = matrix * np.array([[x_scale], [y_scale], [1.0]])
    if scaled[2, 2] not in (0.0, 1.0):
        scaled /= scaled[2, 2]
    return scaled


def moved_masks(
    masks: Sequence[UInt8[NDArray[np.uint8], "h w"]], plan: Plan
) -> list[UInt8[NDArray[np.uint8], "height width"]]:
    """The masks of all pictures of a batch; see `moved_mask`."""
    return [
        moved_mask(mask, way, size=(tall, wide), height=plan.height, width=plan.width)
        for mask, way, (tall, wide) in zip(masks, _ways(plan), plan.sizes.tolist(), strict=True)
    ]


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
    seen = None if boxes is None else _seen_boxes_of_all(plan, boxes, least)
    return seen, None if points is None else _seen_points_of_all(plan, points, seen)


def _ways(plan: Plan) -> list[Geometry]:
    """The geometry of each picture; a matrix wherever it is one."""
    ways: list[Geometry] = list(plan.matrix)
    for i in np.flatnonzero(_bent(plan)).tolist():
        ways[i] = plan.route(i)
    return ways


def _bent(plan: Plan) -> Bool[NDArray[np.bool_], " b"]:
    bent = np.zeros(len(plan.sizes), dtype=np.bool_)
    for one in plan.passes:
        if one.bends:
            bent |= one.bent
    return bent


def _seen_boxes_of_all(plan: Plan, boxes: Sequence[Boxes], least: float) -> list[Seen]:
    """All boxes of a batch in one product; only bent pictures are done one by one."""
    ends = np.cumsum([len(some) for some in boxes]).tolist()
    flat = _together(boxes, (4,))
    x, y = flat[:, _CORNERS_X].ravel(), flat[:, _CORNERS_Y].ravel()
    places = _moved_all(x, y, plan, np.repeat(_owners(ends), 4)).reshape(2, -1, 4)
    moved = np.concatenate([places.min(axis=2), places.max(axis=2)]).T
    for i in np.flatnonzero(_bent(plan)).tolist():
        start = ends[i] - len(boxes[i])
        moved[start : ends[i]] = moved_boxes(flat[start : ends[i]], plan.route(i))
    seen = seen_boxes(moved, height=plan.height, width=plan.width, least=least)
    # Those that are kept stand together: their ends are counted on.
    kept_ends = [0, *np.cumsum(seen.kept).tolist()]
    starts = [0, *ends][:-1]
    return [
        Seen(boxes=seen.boxes[kept_ends[start] : kept_ends[end]], kept=seen.kept[start:end])
        for start, end in zip(starts, ends, strict=True)
    ]


def _seen_points_of_all(
    plan: Plan, points: Sequence[Float[NDArray[np.float64], "n p 3"]], seen: Sequence[Seen] | None
) -> list[NDArray[np.float64]]:
    """All points of a batch in one product; of those of boxes only what belongs to boxes that are kept."""
    ends = np.cumsum([some.size // 3 for some in points]).tolist()
    starts, flat = [0, *ends][:-1], _together(points, (3,))
    made = np.empty_like(flat)
    made[:, :2] = _moved_all(flat[:, 0], flat[:, 1], plan, _owners(ends)).T
    for i in np.flatnonzero(_bent(plan)).tolist():
        part = slice(starts[i], ends[i])
        made[part, :2] = moved_points(flat[part, :2], plan.route(i))
    x, y = made[:, 0], made[:, 1]
    inside = (x >= 0) & (x < plan.width) & (y >= 0) & (y < plan.height)
    made[:, 2] = np.where(inside, flat[:, 2], 0.0)
    each = {some.shape[1:] for some in points}
    if seen is not None and len(each) == 1:
        # All objects have as many points: those that go are taken out at once.
        whole = made.reshape(-1, *each.pop())[np.concatenate([one.kept for one in seen])]
        ends = np.cumsum([len(one.boxes) for one in seen]).tolist()
        return [whole[start:end] for start, end in zip([0, *ends][:-1], ends, strict=True)]
    clouds = [
        made[start:end].reshape(some.shape) for some, start, end in zip(points, starts, ends, strict=True)
    ]
    return clouds if seen is None else [c[one.kept] for c, one in zip(clouds, seen, strict=True)]


def _together(parts: Sequence[NDArray[np.float64]], shape: tuple[int, ...]) -> NDArray[np.float64]:
    flat = [np.asarray(part, dtype=np.float64).reshape(-1, *shape) for part in parts]
    return np.concatenate(flat) if flat else np.zeros((0, *shape))


def _owners(ends: Sequence[int]) -> NDArray[np.int64]:
    """For each of many things that stand together the picture it belongs to."""
    return np.repeat(np.arange(len(ends)), np.diff(np.asarray(ends, dtype=np.int64), prepend=0))


def _moved_all(
    x: NDArray[np.float64], y: NDArray[np.float64], plan: Plan, owner: NDArray[np.int64]
) -> Float[NDArray[np.float64], "xy=2 n"]:
    """Where points of many pictures lie in what was made; those of bent pictures mean nothing here.

    Numbers are taken one by one, so that a point's place does not depend on what is beside it.
    """
    backward = np.ascontiguousarray(np.linalg.inv(plan.matrix).reshape(-1, 9).T)
    xx, xy, x0, yx, yy, y0, zx, zy, z0 = backward
    if (zx == 0).all() and (zy == 0).all():
        xx, xy, x0, yx, yy, y0 = (backward[:6] / z0)[:, owner]
        return np.stack([xx * x + xy * y + x0, yx * x + yy * y + y0])
    xx, xy, x0, yx, yy, y0, zx, zy, z0 = backward[:, owner]
    depth = zx * x + zy * y + z0
    places = np.stack([xx * x + xy * y + x0, yx * x + yy * y + y0])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(depth * np.where(z0 < 0, -1.0, 1.0) > 0, places / depth, np.nan)


_CORNERS_X, _CORNERS_Y = [0, 2, 0, 2], [1, 1, 3, 3]
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
