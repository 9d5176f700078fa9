"""Targets of a network that finds objects by their centers: heat maps, and boxes at some places."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from vitral.nn.detection.boxes import box_areas

# Where the Gaussian of an object is at least this, its box is learned too.
_CORE = 0.2
# How far a center may move to a free place when its own is taken, in places.
_FARTHEST = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class CenterTargets:
    """What a batch of maps should say.

    Args:
        heat: 1 at the center of each object of a class, falling around it as a Gaussian.
        weight: 0 where a heat map may say anything, inside crowds of its class, else 1.
        places: number of the picture, row and column of the places where a box is learned.
        boxes: x0 y0 x1 y1 there, in pixels of the picture.
        shares: weight of each place; those of one object add up to 1.
        objects: how many there are.
    """

    heat: Float[Tensor, "b k h w"]
    weight: Float[Tensor, "b k h w"]
    places: Int[Tensor, "n byx=3"]
    boxes: Float[Tensor, "n xyxy=4"]
    shares: Float[Tensor, " n"]
    objects: int

    def to(self, device: torch.device) -> Self:
        """The same on a device."""
        moved = {name: getattr(self, name).to(device) for name in ("heat", "weight", "places", "boxes")}
        return type(self)(**moved, shares=self.shares.to(device), objects=self.objects)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The places of a map.

    Args:
        height: rows.
        width: columns.
        stride: pixels between two places along each side.
    """

    height: int
    width: int
    stride: int


def gaussian_radius(height: float, width: float, *, overlap: float) -> float:
    """How far both corners of a box may be off so that it still covers the right one.

    The smallest of three cases: both corners move the same way, both inward, both outward.

    Args:
        height: of the box, in any unit.
        width: of the box, in the same.
        overlap: intersection over union that must be left, in (0, 1).
    Returns:
        The distance along each axis, in that unit.
    Source:
        Law and Deng 2018, arXiv:1808.01244, section 3.2. Departure: the roots are those of the
        quadratic equations; the published code divides by 2 where 2 a is meant, which gives a
        radius about three times as large at an overlap of 0.7.
    """
    total, area = height + width, height * width
    # Shifted by r: (h - r)(w - r) / (2 h w - (h - r)(w - r)) = overlap.
    shifted = (total - math.sqrt(total**2 - 4 * area * (1 - overlap) / (1 + overlap))) / 2
    # Smaller by 2 r: (h - 2 r)(w - 2 r) / (h w) = overlap.
    smaller = (total - math.sqrt(total**2 - 4 * area * (1 - overlap))) / 4
    # Larger by 2 r: h w / ((h + 2 r)(w + 2 r)) = overlap.
    larger = (math.sqrt(total**2 + 4 * area * (1 / overlap - 1)) - total) / 4
    return min(shifted, smaller, larger)


def center_targets(
    boxes: Sequence[Float[NDArray[np.float64], "n xyxy=4"]],
    labels: Sequence[Int[NDArray[np.int64], " n"]],
    crowd: Sequence[Bool[NDArray[np.bool_], " n"]] | None,
    *,
    classes: int,
    grid: Grid,
    overlap: float,
) -> CenterTargets:
    """Draw the targets of a batch.

    A place holds one box. Where the centers of two objects share one, the smaller keeps it, and
    the other moves to the nearest free place: of another class right beside it, of the same class
    one farther, so that both remain peaks.

    Args:
        boxes: of each picture, x0 y0 x1 y1 in its pixels; those without area are left out.
        labels: class number of each, in [0, classes).
        crowd: which of them are neither to be found nor counted as mistakes; None: none.
        classes: number of heat maps.
        grid: the places.
        overlap: see `gaussian_radius`; a lower one gives wider Gaussians.
    Source:
        Zhou, Wang, Kraehenbuehl 2019, arXiv:1904.07850, section 3, and Liu et al. 2019,
        arXiv:1909.00700, section 3.3, for boxes that are learned around centers too. Departures:
        Gaussians keep fractions of a radius; shares of an object add up to 1; see above for
        shared places.
    """
    shape = (len(boxes), classes, grid.height, grid.width)
    heat, weight = np.zeros(shape, dtype=np.float32), np.ones(shape, dtype=np.float32)
    places, values, shares, objects = [np.zeros((0, 3), np.int64)], [np.zeros((0, 4))], [np.zeros(0)], 0
    for number, (some, names) in enumerate(zip(boxes, labels, strict=True)):
        many = np.zeros(len(some), dtype=np.bool_) if crowd is None else crowd[number]
        for box, k in zip(some[many], names[many].tolist(), strict=True):
            _allow_anything(weight[number, k], box, grid.stride)
        # The smallest first: they choose their places.
        chosen = np.flatnonzero(~many & (box_areas(some) > 0))
        chosen = chosen[np.argsort(box_areas(some)[chosen], kind="stable")]
        some, names = some[chosen], names[chosen]
        where, box_of, share = _draw(heat[number], some, names, grid, overlap)
        places.append(np.insert(where, 0, number, axis=1))
        values.append(some[box_of])
        shares.append(share)
        objects += len(some)
    return CenterTargets(
        heat=torch.from_numpy(heat),
        weight=torch.from_numpy(weight),
        places=torch.from_numpy(np.concatenate(places)),
        boxes=torch.from_numpy(np.concatenate(values).astype(np.float32)),
        shares=torch.from_numpy(np.concatenate(shares).astype(np.float32)),
        objects=objects,
    )


def _draw(
    heat: Float[NDArray[np.float32], "k h w"],
    boxes: Float[NDArray[np.float64], "n 4"],
    labels: Int[NDArray[np.int64], " n"],
    grid: Grid,
    overlap: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Draw one picture's objects, the smallest first; give the places, their boxes and shares."""
    centers = _centers(boxes, labels, grid)
    strength = np.zeros((grid.height, grid.width))
    owner = np.full((grid.height, grid.width), -1, dtype=np.int64)
    # Larger ones first, so that of equal strength the smaller one owns a place.
    for n in reversed(range(len(boxes))):
        x0, y0, x1, y1 = (boxes[n] / grid.stride).tolist()
        sigma = (2 * gaussian_radius(y1 - y0, x1 - x0, overlap=overlap) + 1) / 6
        window, bump = _bump(centers[n], sigma, grid)
        np.maximum(heat[labels[n]][window], bump, out=heat[labels[n]][window])
        owned = (bump >= _CORE) & (bump >= strength[window])
        strength[window][owned], owner[window][owned] = bump[owned], n
    for n in reversed(range(len(boxes))):
        owner[centers[n]] = n
        strength[centers[n]] = 1.0
    where = np.argwhere(owner >= 0)
    box_of = owner[where[:, 0], where[:, 1]]
    share = strength[where[:, 0], where[:, 1]]
    return where, box_of, share / np.bincount(box_of, weights=share, minlength=1)[box_of]


def _bump(
    center: tuple[int, int], sigma: float, grid: Grid
) -> tuple[tuple[slice, slice], NDArray[np.float64]]:
    """A Gaussian around a place, where it is inside the map."""
    reach = math.ceil(3 * sigma)
    rows = slice(max(center[0] - reach, 0), min(center[0] + reach + 1, grid.height))
    columns = slice(max(center[1] - reach, 0), min(center[1] + reach + 1, grid.width))
    y, x = np.ogrid[rows, columns]
    return (rows, columns), np.exp(-((y - center[0]) ** 2 + (x - center[1]) ** 2) / (2 * sigma**2))


def _centers(
    boxes: Float[NDArray[np.float64], "n 4"], labels: Int[NDArray[np.int64], " n"], grid: Grid
) -> list[tuple[int, int]]:
    """The place of each object: its center's, or one nearby where that is taken."""
    taken: dict[tuple[int, int], int] = {}
    found: list[tuple[int, int]] = []
    for box, label in zip((boxes / grid.stride).tolist(), labels.tolist(), strict=True):
        y, x = (box[1] + box[3]) / 2, (box[0] + box[2]) / 2
        own = min(max(int(y), 0), grid.height - 1), min(max(int(x), 0), grid.width - 1)
        place = own
        if own in taken:
            free = (one for one in _nearby(own, grid) if _is_free(one, label, taken, own))
            place = min(free, key=lambda p: (p[0] + 0.5 - y) ** 2 + (p[1] + 0.5 - x) ** 2, default=own)
        taken.setdefault(place, label)
        found.append(place)
    return found


def _nearby(own: tuple[int, int], grid: Grid) -> Iterator[tuple[int, int]]:
    for row in range(max(own[0] - _FARTHEST, 0), min(own[0] + _FARTHEST + 1, grid.height)):
        for column in range(max(own[1] - _FARTHEST, 0), min(own[1] + _FARTHEST + 1, grid.width)):
            yield row, column


def _is_free(
    place: tuple[int, int], label: int, taken: dict[tuple[int, int], int], own: tuple[int, int]
) -> bool:
    """Whether a place is not taken, and not beside the other object when that is of the same class."""
    beside = max(abs(place[0] - own[0]), abs(place[1] - own[1])) < 2
    return place not in taken and not (beside and taken[own] == label)


def _allow_anything(
    weight: Float[NDArray[np.float32], "h w"], box: Float[NDArray[np.float64], " 4"], stride: int
) -> None:
    x0, y0 = np.floor(box[:2] / stride).astype(int).clip(0)
    x1, y1 = np.ceil(box[2:] / stride).astype(int).clip(0)
    weight[y0:y1, x0:x1] = 0.0
