"""Masks, boxes and points follow the pixels: the same geometry, by the same numbers.

Points and boxes are in the continuous frame, where pixel i covers [i, i + 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy.typing import NDArray

from vitral.augment.plan import Plan

NOT_COUNTED = 255
"""What a mask says of pixels that come in from outside."""

Points = Float[NDArray[np.float64], "n xy=2"]
Boxes = Float[NDArray[np.float64], "n xyxy=4"]


def moved_points(points: Points, matrix: Float[NDArray[np.float64], "3 3"]) -> Points:
    """Where points of a picture lie in what was made of it.

    Args:
        points: x and y in the picture.
        matrix: from what was made to the picture, as in a plan.
    Returns:
        Places, perhaps outside; NaN for a point behind the horizon of a perspective.
    """
    return _through(points, np.asarray(np.linalg.inv(matrix), dtype=np.float64))


def moved_back(points: Points, matrix: Float[NDArray[np.float64], "3 3"]) -> Points:
    """Where points of what was made lie in the picture, for predictions on changed pictures."""
    return _through(points, matrix)


def moved_boxes(boxes: Boxes, matrix: Float[NDArray[np.float64], "3 3"]) -> Boxes:
    """The upright boxes around the four corners of each box where they have moved; not cut off."""
    x0, y0, x1, y1 = boxes.reshape(-1, 4).T
    corners = np.stack([x0, y0, x1, y0, x1, y1, x0, y1], axis=1).reshape(-1, 2)
    places = moved_points(corners, matrix).reshape(-1, 4, 2)
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
    matrix: Float[NDArray[np.float64], "3 3"],
    *,
    size: tuple[int, int],
    height: int,
    width: int,
) -> UInt8[NDArray[np.uint8], "height width"]:
    """The mask of what was made: of each pixel the number at its center, 255 outside.

    Args:
        mask: class numbers of the picture's pixels; it may have another resolution than the picture.
        matrix: from what was made to the picture.
        size: height and width of the picture.
        height: of what was made.
        width: of what was made.
    """
    from vitral.augment.nearest import sample_nearest

    tall, wide = mask.shape
    scale = np.diag([wide / size[1], tall / size[0], 1.0])
    out = np.empty((height, width), dtype=np.uint8)
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
    matrices, found, clouds = plan.matrix, None, None
    if boxes is not None:
        found = [
            seen_boxes(moved_boxes(some, matrix), height=plan.height, width=plan.width, least=least)
            for some, matrix in zip(boxes, matrices, strict=True)
        ]
    if points is not None:
        clouds = []
        for number, (some, matrix) in enumerate(zip(points, matrices, strict=True)):
            kept = some if found is None else some[found[number].kept]
            clouds.append(_seen_points(kept, matrix, plan.height, plan.width))
    return found, clouds


def _seen_points(
    points: NDArray[np.float64], matrix: NDArray[np.float64], height: int, width: int
) -> NDArray[np.float64]:
    places = moved_points(points[..., :2].reshape(-1, 2), matrix)
    inside = ((places >= 0) & (places < (width, height))).all(axis=1)
    visible = np.where(inside, points[..., 2].reshape(-1), 0.0)
    return np.concatenate([places, visible[:, None]], axis=1).reshape(points.shape)


def _through(points: Points, matrix: NDArray[np.float64]) -> Points:
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    # Both matrices are used up to a factor: the side on which the picture's center lies is in front.
    depth = moved[:, 2:] * np.sign(matrix[2, 2] or 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(depth > 0, moved[:, :2] / moved[:, 2:], np.nan)


def _areas(boxes: Boxes) -> Float[NDArray[np.float64], " n"]:
    return np.clip(boxes[:, 2] - boxes[:, 0], 0, None) * np.clip(boxes[:, 3] - boxes[:, 1], 0, None)
