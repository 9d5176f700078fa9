"""Which found boxes are right: the greedy matching of the COCO evaluation."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from vitral.nn.detection.boxes import box_areas, box_overlaps

OVERLAPS = np.linspace(0.5, 0.95, 10)
"""Intersections over union from which on a box counts as found, from lenient to strict."""

AREAS = {"all": (0.0, 1e10), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}
"""Kinds of objects by their box's area in square pixels, both ends included."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Matched:
    """What became of the boxes of one class in one picture, for each kind of size and each overlap.

    Args:
        scores: of the found boxes, falling.
        right: whether each found box matches an object that counts.
        counted: whether each found box is right or wrong at all, and not just left out.
        objects: number of objects that count, for each kind of size.
    """

    scores: Float[NDArray[np.float64], " n"]
    right: Bool[NDArray[np.bool_], "areas overlaps n"]
    counted: Bool[NDArray[np.bool_], "areas overlaps n"]
    objects: NDArray[np.int64]


def matched(
    boxes: Float[NDArray[np.float64], "n xyxy=4"],
    scores: Float[NDArray[np.float64], " n"],
    objects: Float[NDArray[np.float64], "m xyxy=4"],
    crowd: Bool[NDArray[np.bool_], " m"],
    *,
    most: int = 100,
) -> Matched:
    """Give each found box, the surest first, the free object that it covers best.

    Crowds, and objects of another size than is asked for, are matched only by boxes that fit no
    object that counts; such boxes are left out of the count, and so are unmatched boxes of
    another size. A crowd may be matched any number of times.

    Args:
        boxes: found, of one class in one picture, x0 y0 x1 y1 in pixels.
        scores: of the found boxes; of equal scores the first counts as surer.
        objects: what is there, of the same class.
        crowd: which of the objects are crowds.
        most: found boxes that are looked at.
    Source:
        Lin et al. 2014, arXiv:1405.0312, section 5, in the form of pycocotools 2.0.11 (evaluateImg).
    """
    order = np.argsort(-scores, kind="stable")[:most]
    boxes, scores = boxes[order], scores[order]
    outside = np.stack([_outside(box_areas(boxes), kind) for kind in AREAS.values()])
    ignored = np.stack([crowd | _outside(box_areas(objects), kind) for kind in AREAS.values()])
    shape = (len(AREAS), len(OVERLAPS), len(boxes))
    right, left_out = np.zeros(shape, dtype=np.bool_), np.repeat(outside[:, None], len(OVERLAPS), axis=1)
    taken = np.zeros((len(AREAS), len(OVERLAPS), len(objects)), dtype=np.bool_)
    least = np.minimum(OVERLAPS, 1 - 1e-10)[None, :, None]
    each = np.ix_(np.arange(len(AREAS)), np.arange(len(OVERLAPS)))
    for number, covered in enumerate(box_overlaps(boxes, objects, crowd) if len(objects) else ()):
        free = (covered >= least) & (~taken | crowd)
        true = free & ~ignored[:, None]
        is_right, is_taken = true.any(axis=2), free.any(axis=2)
        candidates = np.where(is_right[..., None], true, free)
        # Of objects that are covered alike the last one is taken, as pycocotools does.
        best = len(objects) - 1 - np.where(candidates, covered, -1.0)[..., ::-1].argmax(axis=2)
        taken[(*each, best)] |= is_taken
        right[..., number] = is_right
        left_out[..., number] = np.where(is_taken, ~is_right, left_out[..., number])
    return Matched(scores=scores, right=right, counted=~left_out, objects=(~ignored).sum(axis=1))


def _outside(
    areas: Float[NDArray[np.float64], " n"], kind: tuple[float, float]
) -> Bool[NDArray[np.bool_], " n"]:
    return (areas < kind[0]) | (areas > kind[1])
