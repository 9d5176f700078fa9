"""Masks, boxes and points follow the pixels: the same geometry, by the same numbers.

Points and boxes are in the continuous frame, where pixel i covers [i, i + 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy.typing import NDArray

from vitral.augment.plan import Plan
from vitral.augment.route import Matrix, Points, Route, Window, facing, through, through_back
from vitral.core import ShapeError

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
        perspective, where no displacement leads, or beyond a canvas between two passes.
    """
    return way.back(points) if isinstance(way, Route) else through_back(points, way)


def moved_back(points: Points, way: Geometry) -> Points:
    """Where points of what was made lie in the picture, for predictions on changed pictures."""
    return way.there(points) if isinstance(way, Route) else through(points, way)


def moved_boxes(boxes: Boxes, way: Geometry) -> Boxes:
    """The upright boxes around each box where it has moved; not cut off.

    They hold the four corners, and what is left of them before a horizon; where geometry is bent, and
    corners are not all, 16 points of each side. At windows their outlines are cut off. NaN for a box of
    which nothing is left.
    """
    boxes = boxes.reshape(-1, 4)
    unbent = way.unbent() if isinstance(way, Route) else (facing(way), [])
    if unbent is not None:
        matrix, windows = unbent
        backward = np.asarray(np.linalg.inv(matrix / (abs(matrix[2, 2]) or 1.0)), dtype=np.float64)
        sides = [side for window, there in windows for side in window.sides @ there]
        return _boxes_in_front(boxes, np.broadcast_to(backward, (len(boxes), 3, 3)), sides)
    if isinstance(way, Route) and len(way.legs) > 1:
        from vitral.augment.targets.outlines import boxes_of_polygons, whole_polygons

        return boxes_of_polygons(whole_polygons(list(boxes[:, _AROUND].reshape(-1, 4, 2)), way))
    x0, y0, x1, y1 = (side[:, None] for side in boxes.T)
    outline = np.stack([x0 + _OUTLINE[:, 0] * (x1 - x0), y0 + _OUTLINE[:, 1] * (y1 - y0)], axis=2)
    places = moved_points(outline.reshape(-1, 2), way).reshape(-1, len(_OUTLINE), 2)
    # What a displacement has moved out of sight leaves the rest of its box.
    return _around(places, ~np.isnan(places[..., 0]))


def _boxes_in_front(
    boxes: Boxes,
    backward: Float[NDArray[np.float64], "n 3 3"],
    sides: Sequence[Float[NDArray[np.float64], " 3"]] = (),
) -> Boxes:
    """Upright boxes around what of each box lies before its horizon and inside some sides.

    Args:
        boxes: of the pictures.
        backward: of each box the way from the picture; its depth is above 0 for what is seen.
        sides: linear forms of (x, y, 1) of what was made, which are at least 0 inside.
    """
    corners = boxes[:, _AROUND].reshape(-1, 4, 2)
    lifted = corners @ backward[:, :, :2].transpose(0, 2, 1) + backward[:, None, :, 2]
    if not sides and (lifted[..., 2] >= IN_FRONT).all():
        places = lifted[..., :2] / lifted[..., 2:]
        return np.concatenate([places.min(axis=1), places.max(axis=1)], axis=1)
    edges, there = (
        np.stack([lifted, np.roll(lifted, -1, axis=1)], axis=2),
        np.ones(lifted.shape[:2], np.bool_),
    )
    for side, least in ((_HORIZON, IN_FRONT), *((side, 0.0) for side in sides)):
        edges, there = _cut_edges(edges, there, edges @ side - least)
    there = there.repeat(2, axis=1)
    places = edges.reshape(*there.shape, 3)
    return _around(places[..., :2] / np.where(there, places[..., 2], 1.0)[..., None], there)


def _cut_edges(
    edges: Float[NDArray[np.float64], "n m ends=2 xyw=3"],
    there: Bool[NDArray[np.bool_], "n m"],
    inside: Float[NDArray[np.float64], "n m ends=2"],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What is left of the edges of convex shapes, and of each an edge more, along the cut.

    Args:
        edges: of each shape, both ends.
        there: which of them are any.
        inside: at least 0 for ends that stay.
    """
    kept = inside >= 0
    if (kept | ~there[..., None]).all():
        return edges, there
    crosses = (kept[..., 0] != kept[..., 1]) & there
    share = np.where(crosses, inside[..., 0] / np.where(crosses, inside[..., 0] - inside[..., 1], 1.0), 0.0)
    places = edges[:, :, 0] + share[..., None] * (edges[:, :, 1] - edges[:, :, 0])
    cut = np.where(kept[..., None], edges, places[:, :, None])
    each = np.arange(len(edges))
    first, last = crosses.argmax(axis=1), crosses.shape[1] - 1 - crosses[:, ::-1].argmax(axis=1)
    along = np.stack([places[each, first], places[each, last]], axis=1)[:, None]
    left = there & (kept[..., 0] | kept[..., 1])
    return np.concatenate([cut, along], axis=1), np.concatenate([left, crosses.any(axis=1)[:, None]], axis=1)


def _around(places: Float[NDArray[np.float64], "n k xy=2"], there: Bool[NDArray[np.bool_], "n k"]) -> Boxes:
    """The upright boxes around some of the places of each object; NaN where there are none."""
    there = there[..., None]
    low = np.where(there, places, np.inf).min(axis=1, initial=np.inf)
    high = np.where(there, places, -np.inf).max(axis=1, initial=-np.inf)
    found = np.concatenate([low, high], axis=1)
    return np.where(np.isfinite(found), found, np.nan)


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """Boxes as far as they can be seen.

    Args:
        boxes: cut off at the borders.
        kept: which of the boxes before these are.
    """

    boxes: Boxes
    kept: Bool[NDArray[np.bool_], " n"]


def seen_boxes(boxes: Boxes, *, height: int, width: int, least: float, whole: Boxes | None = None) -> Seen:
    """Cut boxes off at the borders; those of which too little is left are dropped.

    Args:
        boxes: x0 y0 x1 y1, perhaps beyond the borders; NaN for one that is not seen.
        height: of what is seen, in pixels.
        width: of what is seen.
        least: share of a box's area that must be left, in [0, 1]; nothing at all is never kept.
        whole: the boxes before anything of them was cut off; None: these are.
    """
    cut = np.clip(boxes, 0.0, np.tile([width, height], 2).astype(np.float64))
    before, after = _areas(boxes if whole is None else whole), _areas(cut)
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
    Raises:
        ShapeError: the mask is too large.
    """
    from vitral.augment.kernels.nearest import pick_nearest, sample_nearest

    if mask.size >= _MOST_BYTES:
        tall, wide = mask.shape
        raise ShapeError(f"a mask of {tall} x {wide} is too large: it must have fewer than 2^31 bytes")
    mask = np.ascontiguousarray(mask)
    out = np.empty((height, width), dtype=np.uint8)
    if mask.size == 0:
        out[:] = NOT_COUNTED
        return out
    x_scale, y_scale = mask.shape[1] / size[1], mask.shape[0] / size[0]
    unbent = way.unbent() if isinstance(way, Route) else (facing(way), [])
    if unbent is None:
        assert isinstance(way, Route)
        x, y = way.places(height, width)
        pick_nearest(mask, x * x_scale, y * y_scale, NOT_COUNTED, out)
        return out
    matrix, windows = unbent
    sample_nearest(mask, onto_grid(matrix, x_scale, y_scale), NOT_COUNTED, out)
    if windows:
        out[hidden(windows, height, width)] = NOT_COUNTED
    return out


def hidden(
    windows: Sequence[tuple[Window, Matrix]], height: int, width: int
) -> Bool[NDArray[np.bool_], "height width"]:
    """The pixels of what was made that look beyond a window, as `Route.unbent` tells them."""
    from vitral.augment.kernels.nearest import sample_nearest

    beyond, one = np.zeros((height, width), dtype=np.bool_), np.zeros((1, 1), dtype=np.uint8)
    for window, matrix in windows:
        out = np.empty((height, width), dtype=np.uint8)
        sample_nearest(one, onto_grid(matrix, 1 / window.width, 1 / window.height), 1, out)
        beyond |= out.view(np.bool_)
    return beyond


def onto_grid(matrix: Matrix, x_scale: float, y_scale: float) -> Matrix:
    """A matrix that leads on to pixels of another resolution, as the compiled samplers take it.

    Its depth is above 0 for what is seen, and stays so.
    """
    scaled = matrix * np.array([[x_scale], [y_scale], [1.0]])
    if scaled[2, 2] not in (0.0, 1.0):
        scaled /= abs(scaled[2, 2])
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
            invisible (0), and its place stays outside. So does one that is beyond a canvas between two
            passes; its place is where it would be seen.
        least: see `seen_boxes`.
    """
    seen = None if boxes is None else _seen_boxes_of_all(plan, boxes, least)
    return seen, None if points is None else _seen_points_of_all(plan, points, seen)


def _ways(plan: Plan) -> list[Geometry]:
    """The geometry of each picture; a matrix wherever it is one."""
    ways: list[Geometry] = list(plan.matrix)
    for i in np.flatnonzero(_alone(plan)).tolist():
        ways[i] = plan.route(i)
    return ways


def _alone(plan: Plan) -> Bool[NDArray[np.bool_], " b"]:
    """The pictures whose geometry is more than a matrix: they are done one by one."""
    alone = np.zeros(len(plan.sizes), dtype=np.bool_)
    for one in plan.passes:
        if one.bends:
            alone |= one.bent
    for beyond in plan.beyond:
        alone |= beyond
    return alone


def _seen_boxes_of_all(plan: Plan, boxes: Sequence[Boxes], least: float) -> list[Seen]:
    """All boxes of a batch in one product; only pictures with more than a matrix are done one by one."""
    ends = np.cumsum([len(some) for some in boxes]).tolist()
    flat, owner = _together(boxes, (4,)), _owners(ends)
    x, y = flat[:, _CORNERS_X].ravel(), flat[:, _CORNERS_Y].ravel()
    places = _moved_all(x, y, plan, np.repeat(owner, 4)).reshape(2, -1, 4)
    moved = np.concatenate([places.min(axis=2), places.max(axis=2)]).T
    behind = np.isnan(moved[:, 0])
    if behind.any():
        moved[behind] = _boxes_in_front(flat[behind], _backward(plan)[owner[behind]])
    whole = moved.copy()
    for i in np.flatnonzero(_alone(plan)).tolist():
        part, route = slice(ends[i] - len(boxes[i]), ends[i]), plan.route(i)
        whole[part] = moved_boxes(flat[part], route.whole)
        moved[part] = whole[part] if route.whole is route else moved_boxes(flat[part], route)
    seen = seen_boxes(moved, height=plan.height, width=plan.width, least=least, whole=whole)
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
    made, shown = np.empty_like(flat), np.ones(len(flat), dtype=np.bool_)
    made[:, :2] = _moved_all(flat[:, 0], flat[:, 1], plan, _owners(ends)).T
    for i in np.flatnonzero(_alone(plan)).tolist():
        part, route = slice(starts[i], ends[i]), plan.route(i)
        made[part, :2] = moved_points(flat[part, :2], route.whole)
        if route.whole is not route:
            shown[part] = np.isfinite(moved_points(flat[part, :2], route)[:, 0])
    x, y = made[:, 0], made[:, 1]
    inside = (x >= 0) & (x < plan.width) & (y >= 0) & (y < plan.height)
    made[:, 2] = np.where(inside & shown, flat[:, 2], 0.0)
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
    backward = np.ascontiguousarray(_backward(plan).reshape(-1, 9).T)
    xx, xy, x0, yx, yy, y0, zx, zy, z0 = backward
    if (zx == 0).all() and (zy == 0).all():
        xx, xy, x0, yx, yy, y0 = (backward[:6] / z0)[:, owner]
        return np.stack([xx * x + xy * y + x0, yx * x + yy * y + y0])
    xx, xy, x0, yx, yy, y0, zx, zy, z0 = backward[:, owner]
    depth = zx * x + zy * y + z0
    places = np.stack([xx * x + xy * y + x0, yx * x + yy * y + y0])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(depth > IN_FRONT, places / depth, np.nan)


def _backward(plan: Plan) -> Float[NDArray[np.float64], "b 3 3"]:
    """The way from each picture to what was made; its depth is above 0 for what is seen."""
    matrix = plan.matrix
    corner = matrix[:, 2:, 2:]
    return np.asarray(np.linalg.inv(matrix / np.where(corner == 0, 1.0, corner)), dtype=np.float64)


IN_FRONT = 1e-6
"""Depth, which is 1 in the corner of what was made: what has less than this lies a million pictures away."""

_HORIZON = np.array([0.0, 0, 1])
_MOST_BYTES = 2**31
_CORNERS_X, _CORNERS_Y = [0, 2, 0, 2], [1, 1, 3, 3]
_AROUND = [0, 1, 2, 1, 2, 3, 0, 3]
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
