"""`back_to_picture`: what was found on a changed picture, brought back onto the picture.

    made = augmentation(batch)
    plan = augmentation.plan(batch)
    heat = network(made.inputs)                      # b x h x w, of any resolution
    found = [back_to_picture(plan, i).map(heat[i].numpy()) for i in range(len(batch))]

Several such answers for one picture, averaged where they are not NaN, are test-time augmentation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.plan import Plan
from vitral.augment.route import Matrix, Points, Route, Window, inverse
from vitral.augment.targets.maps import Map, moved_map
from vitral.augment.targets.moved import Boxes, moved_boxes, moved_mask, moved_points
from vitral.augment.targets.outlines import moved_lines, moved_polygons

_AT_ONCE = 4096


class Reversed(Route):
    """A route taken the other way: from the points of the picture to those of what was made."""

    @property
    def matrix(self) -> Matrix | None:
        """All of it as one homography; None where something is bent or hidden.

        It is also None where the picture's corner lies behind the horizon: then its sign tells nothing.
        """
        forward = super().matrix
        backward = None if forward is None else inverse(forward)
        return None if backward is None or backward[2, 2] <= 0 else backward

    def unbent(self) -> tuple[Matrix, list[tuple[Window, Matrix]]] | None:
        """As of a route, but None where there are windows too."""
        matrix = self.matrix
        return None if matrix is None else (matrix, [])

    @property
    def legs(self) -> tuple[Route | Window, ...]:
        """The windows and the ways between them, in the order in which `back` takes them."""
        return super().legs[::-1]

    def there(self, points: Points) -> Points:
        """Where points of the picture are seen in what was made; NaN where they are not."""
        parts = [points[i : i + _AT_ONCE] for i in range(0, len(points), _AT_ONCE)]
        # A search that fails compares its points with all of a lattice: not with too many at once.
        return np.concatenate([super(Reversed, self).back(part) for part in parts]) if parts else points

    def back(self, points: Points) -> Points:
        """Where points of what was made lie in the picture."""
        return super().there(points)

    def places(self, height: int, width: int) -> Float[NDArray[np.float64], "xy=2 height width"]:
        """Where the centers of all pixels of the picture are seen in what was made."""
        y, x = np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij")
        centers = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
        return np.ascontiguousarray(self.there(centers).T).reshape(2, height, width)


@dataclass(frozen=True, kw_only=True, eq=False)
class BackToPicture:
    """The way from what was made of one picture back onto the picture, for all that can be found there.

    Args:
        route: from what was made to the picture, as a plan has it.
        made: height and width of what was made, in pixels.
        size: height and width of the picture.
    """

    route: Route
    made: tuple[int, int]
    size: tuple[int, int]

    @property
    def _way(self) -> Reversed:
        return Reversed(self.route.steps)

    def points(self, points: Points) -> Points:
        """Points n x 2, perhaps outside the picture: what was made may show what lies beyond its borders.

        NaN for one at which nothing of its plane is seen: beyond a canvas between two passes, or behind the
        horizon of a perspective.
        """
        return moved_points(points, self._way)

    def boxes(self, boxes: Boxes) -> Boxes:
        """The upright boxes around boxes, cut off at the picture's borders.

        There are as many, in step with scores and labels: one outside the picture has no area, nor has one
        where nothing of the picture is seen.
        """
        height, width = self.size
        limits = np.tile([width, height], 2).astype(np.float64)
        moved = moved_boxes(np.asarray(boxes, dtype=np.float64), self._way)
        return np.clip(np.nan_to_num(moved, nan=0.0), 0.0, limits)

    def polygons(self, polygons: Sequence[Points]) -> list[Points]:
        """Polygons, cut off at the picture's borders; see `outlines.moved_polygons`."""
        return moved_polygons(polygons, self._way, height=self.size[0], width=self.size[1])

    def lines(self, lines: Sequence[Points]) -> list[list[Points]]:
        """Lines, cut off at the picture's borders, in pieces; see `outlines.moved_lines`."""
        return moved_lines(lines, self._way, height=self.size[0], width=self.size[1])

    def mask(self, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Class numbers, of any resolution, at the picture's pixels: the nearest; 255 where not seen."""
        height, width = self.size
        return moved_mask(mask, self._way, size=self.made, height=height, width=width)

    def map(self, levels: Map, *, outside: float = float("nan")) -> Map:
        """Floats h x w or h x w x channels, of any resolution, at the picture's pixels, linear between them.

        Args:
            levels: such as the probability of each class.
            outside: what stands where the picture was not seen.
        """
        height, width = self.size
        return moved_map(levels, self._way, size=self.made, height=height, width=width, outside=outside)


def back_to_picture(plan: Plan, i: int = 0) -> BackToPicture:
    """The way back onto a picture of a batch.

    Args:
        plan: of the batch, as `Augmentation.plan` draws it: the same as when the batch was made.
        i: position of the picture in the batch.
    """
    height, width = plan.sizes[i].tolist()
    return BackToPicture(route=plan.route(i), made=(plan.height, plan.width), size=(height, width))
