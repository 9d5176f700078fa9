"""`latent_map`: thumbnails where their points lie, none over another."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy.typing import NDArray

from vitral.core import ShapeError
from vitral.report.overlay import class_color

_SIDE_PX, _LARGEST_PX, _SMALLEST_PX = 1520, 72, 20
_ROOM = 1.8  # places for each thumbnail, so that groups stay apart
_GROUND, _NO_CLASS = 245, (150, 150, 150)


def latent_map(
    points: Float[NDArray[np.floating], "n xy=2"],
    thumbnails: Sequence[UInt8[NDArray[np.uint8], "h w c=3"]],
    labels: Int[NDArray[np.int64], " n"],
) -> UInt8[NDArray[np.uint8], "h2 w2 c=3"]:
    """Draw thumbnails on a grid, each at the free place nearest to its point.

    Args:
        points: x to the right, y down, in any unit.
        thumbnails: one for each point, of any size.
        labels: class numbers for the color of the frame; negative ones are grey.
    Raises:
        ShapeError: not as many points, thumbnails and labels, or none.
    """
    count = len(points)
    if count == 0 or points.shape != (count, 2) or len(thumbnails) != count or len(labels) != count:
        raise ShapeError(
            f"latent_map: needs as many points (n x 2) as thumbnails and labels, at least one, got "
            f"{points.shape}, {len(thumbnails)} and {len(labels)}"
        )
    places = _places(points)
    rows, columns = places.max(0) + 1
    cell = max(_SMALLEST_PX, min(_LARGEST_PX, _SIDE_PX // max(rows, columns)))
    sheet = np.full((rows * cell, columns * cell, 3), _GROUND, np.uint8)
    for (row, column), thumbnail, label in zip(places.tolist(), thumbnails, labels.tolist(), strict=True):
        color = class_color(label + 1) if label >= 0 else _NO_CLASS
        sheet[row * cell : (row + 1) * cell - 1, column * cell : (column + 1) * cell - 1] = _framed(
            thumbnail, color, cell - 1
        )
    return sheet


def _places(points: NDArray[np.floating]) -> NDArray[np.int64]:
    """Row and column of each point: the nearest place that is still free, from the middle outward."""
    low, high = points.min(0), points.max(0)
    reach = np.maximum(high - low, 1e-12)
    side = math.ceil(math.sqrt(_ROOM * len(points)))
    wanted = (points - low) / reach * (side - 1)
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="xy"), -1).reshape(-1, 2)
    free = np.ones(len(grid), bool)
    found = np.zeros((len(points), 2), np.int64)
    order = np.argsort(((wanted - wanted.mean(0)) ** 2).sum(1), kind="stable")
    for number in order.tolist():
        distance = ((grid - wanted[number]) ** 2).sum(1)
        distance[~free] = np.inf
        place = int(distance.argmin())
        free[place] = False
        found[number] = grid[place, ::-1]
    return found - found.min(0)


def _framed(thumbnail: NDArray[np.uint8], color: tuple[int, int, int], side: int) -> NDArray[np.uint8]:
    import cv2  # here, because it takes a third of the time to import vitral

    thick = max(2, side // 14)
    inner = side - 2 * thick
    height, width = thumbnail.shape[:2]
    scale = inner / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(thumbnail, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    framed = np.full((side, side, 3), color, np.uint8)
    y, x = (side - size[1]) // 2, (side - size[0]) // 2
    framed[y : y + size[1], x : x + size[0]] = small
    return framed
