"""A few colors spread over a large picture along the edges of its lightness."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

_RADIUS = 1
# Deviation of lightness, on [0, 1], under which colors do not follow it.
_FLAT = 0.05

Plane = Float[NDArray[np.float32], "h w"]


@dataclass(frozen=True, kw_only=True, eq=False)
class GuidedColors:
    """Mean colors of squares of a picture, and how they change with the lightness around each.

    Inside a square a pixel gets the mean color, and what its lightness differs from the mean one times
    the slope of color over lightness among the neighboring squares. So an edge of the lightness
    between two colors stays sharp, however much larger the picture is.

    Args:
        means: a and b, lightness, and the slopes of a and b, h x w x 5.
    Source:
        He, Sun, Tang 2013, "Guided image filtering", eq. 5. Departure: the filter's line gives only
        what is finer than the colors, which are kept as they are: a third of the error they would
        have on their own mean is saved, where the whole filter adds some.
    """

    means: Float[NDArray[np.float32], "h w c=5"]

    @classmethod
    def of(cls, ab: Float[NDArray[np.float32], "h w ab=2"], lightness: Plane) -> "GuidedColors":
        """Measure the slopes.

        Args:
            ab: mean colors of the squares.
            lightness: of the picture at any larger size, on [0, 1].
        """
        import cv2  # here, because it takes a third of the time to import vitral

        height, width = ab.shape[:2]
        means = np.empty((height, width, 5), np.float32)
        means[..., :2] = ab
        means[..., 2] = cv2.resize(lightness, (width, height), interpolation=cv2.INTER_AREA)

        def around(plane: NDArray[np.floating]) -> NDArray[np.float32]:
            side = 2 * _RADIUS + 1
            found = cv2.blur(plane, (side, side), borderType=cv2.BORDER_REPLICATE)
            return np.asarray(found, np.float32).reshape(plane.shape)

        own = means[..., 2].copy()
        mean = around(own)
        variance = np.maximum(around(own * own) - mean * mean, 0)
        colors = means[..., :2].copy()
        together = around(colors * own[..., None]) - around(colors) * mean[..., None]
        means[..., 3:] = together / (variance + _FLAT**2)[..., None]
        return cls(means=means)

    def rows(self, lightness: Plane, *, top: int, height: int) -> tuple[Plane, Plane]:
        """a and b of some rows of the large picture.

        Args:
            lightness: of these rows, on [0, 1].
            top: the first of them.
            height: rows of the whole large picture.
        """
        a, b, mean, slope_a, slope_b = self._rows(top, height, lightness)
        off = lightness - mean
        slope_a *= off
        slope_b *= off
        return a + slope_a, b + slope_b

    def _rows(self, top: int, height: int, lightness: Plane) -> list[Plane]:
        """Some rows of the means enlarged, by straight lines: down first, and then across.

        What is made of a row does not depend on the rows that are made with it.
        """
        import cv2

        rows, width = lightness.shape
        last = len(self.means) - 1
        at = (np.arange(top, top + rows) + 0.5) * (len(self.means) / height) - 0.5
        at = np.clip(at, 0, last)
        first = np.floor(at).astype(np.int64)
        share = (at - first).astype(np.float32)[:, None, None]
        down = self.means[first] * (1 - share) + self.means[np.minimum(first + 1, last)] * share
        return [
            np.asarray(cv2.resize(np.ascontiguousarray(plane), (width, rows), interpolation=cv2.INTER_LINEAR))
            .astype(np.float32, copy=False)
            .reshape(rows, width)
            for plane in np.moveaxis(down, 2, 0)
        ]
