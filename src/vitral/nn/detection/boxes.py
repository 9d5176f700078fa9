"""How far boxes cover each other, and which of several near-identical ones stays."""

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray


def box_areas(boxes: Float[NDArray[np.float64], "n xyxy=4"]) -> Float[NDArray[np.float64], " n"]:
    """Area of each box in square pixels; 0 where a side is not positive."""
    return np.clip(boxes[:, 2] - boxes[:, 0], 0, None) * np.clip(boxes[:, 3] - boxes[:, 1], 0, None)


def box_overlaps(
    boxes: Float[NDArray[np.float64], "n xyxy=4"],
    others: Float[NDArray[np.float64], "m xyxy=4"],
    crowd: Bool[NDArray[np.bool_], " m"] | None = None,
) -> Float[NDArray[np.float64], "n m"]:
    """Intersection over union of every pair; over the first box alone where the other is a crowd.

    Args:
        boxes: x0 y0 x1 y1 in pixels.
        others: the same.
        crowd: which of the others are groups, inside which any number of boxes may lie; None: none.
    Returns:
        Shares in [0, 1]; 0 where the intersection is empty.
    """
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    sides = np.clip(high - low, 0, None)
    both = sides[..., 0] * sides[..., 1]
    own = box_areas(boxes)[:, None]
    whole = own + box_areas(others)[None] - both
    if crowd is not None:
        whole = np.where(crowd[None], own, whole)
    return np.divide(both, whole, out=np.zeros_like(both), where=both > 0)


def without_repeats(
    boxes: Float[NDArray[np.float64], "n xyxy=4"],
    labels: Int[NDArray[np.int64], " n"],
    *,
    overlap: float,
) -> Int[NDArray[np.int64], " kept"]:
    """The numbers of the boxes that stay when a better one of their class covers nearly the same.

    Args:
        boxes: x0 y0 x1 y1, the best first.
        labels: class of each; boxes of two classes never push each other out.
        overlap: intersection over union above which the later one goes, in [0, 1].
    Source:
        Greedy non-maximum suppression, as in Felzenszwalb et al. 2010, "Object detection with
        discriminatively trained part-based models", section 4.
    """
    rivals = (box_overlaps(boxes, boxes) > overlap) & (labels[:, None] == labels)
    stays = np.ones(len(boxes), dtype=np.bool_)
    for number in range(len(boxes)):
        if stays[number]:
            stays[number + 1 :] &= ~rivals[number, number + 1 :]
    return np.flatnonzero(stays)
