"""`principal_axes`: the directions in which points differ most."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.core import ShapeError


@dataclass(frozen=True, kw_only=True, eq=False)
class PrincipalAxes:
    """A frame turned into the directions of largest variance.

    Args:
        middle: mean of the points, d.
        axes: orthonormal rows, m x d, that of the largest variance first.
        variances: of the points along each axis, m.
    """

    middle: Float[NDArray[np.float64], " d"]
    axes: Float[NDArray[np.float64], "m d"]
    variances: Float[NDArray[np.float64], " m"]

    def along(self, points: Float[NDArray[np.floating], "n d"]) -> Float[NDArray[np.float64], "n m"]:
        """The coordinates of points on the axes."""
        return (points - self.middle) @ self.axes.T


def principal_axes(points: Float[NDArray[np.floating], "n d"], count: int) -> PrincipalAxes:
    """Find the axes of largest variance; the same points give the same axes, signs included.

    An exact decomposition where the points or their coordinates are few, else one of a random
    projection with a fixed seed. Of n points in d directions at most min(n, d) axes are given.

    Args:
        points: at least one.
        count: how many axes to find, at least 1.
    Raises:
        ShapeError: no points, or no axes wanted.
    Source:
        Halko et al. 2011, arXiv:0909.4061, as in scikit-learn's PCA.
    """
    if points.ndim != 2 or 0 in points.shape or count < 1:
        raise ShapeError(
            f"principal_axes: needs points n x d and at least 1 axis, got {points.shape} and {count}"
        )
    count = min(count, *points.shape)
    if not np.ptp(points, 0).any():  # No direction is wider than another.
        axes = np.eye(count, points.shape[1])
        return PrincipalAxes(middle=points[0].astype(np.float64), axes=axes, variances=np.zeros(count))
    from sklearn.decomposition import PCA  # here, because it takes a second to import

    found = PCA(count, random_state=0).fit(points)
    return PrincipalAxes(
        middle=np.asarray(found.mean_, np.float64),
        axes=np.asarray(found.components_, np.float64),
        variances=np.asarray(found.explained_variance_, np.float64),
    )
