"""`flat_view`: many points on a plane, neighbors near each other."""

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.core import ShapeError
from vitral.nn.latents.principal_axes import principal_axes

MOST_POINTS = 2000
"""More points cannot be told apart on a plane, and take minutes."""
_AXES, _PERPLEXITY, _FEWEST = 30, 30.0, 8


def flat_view(points: Float[NDArray[np.floating], "n d"]) -> Float[NDArray[np.float64], "n xy=2"]:
    """Put points on a plane so that those that are neighbors stay neighbors.

    The first 30 principal axes, then t-SNE from the first two of them with a fixed seed; only the
    two axes where there are fewer than 8 points. Distances across the plane mean nothing.

    Args:
        points: 1 to 2000.
    Raises:
        ShapeError: no points, or too many.
    Source:
        van der Maaten, Hinton 2008, JMLR 9:2579; Kobak, Berens 2019, doi:10.1038/s41467-019-13056-x
        (principal axes as the start).
    """
    if points.ndim != 2 or not 1 <= len(points) <= MOST_POINTS:
        raise ShapeError(f"flat_view: needs 1 to {MOST_POINTS} points n x d, got {points.shape}")
    along = principal_axes(points, _AXES).along(points)
    along = np.pad(along, ((0, 0), (0, max(0, 2 - along.shape[1]))))
    spread = float(along[:, 0].std())
    if len(points) < _FEWEST or spread < 1e-9:
        return along[:, :2]
    from sklearn.manifold import TSNE  # here, because it takes a second to import

    start: Any = (along[:, :2] / spread * 1e-4).astype(np.float32)
    view = TSNE(perplexity=min(_PERPLEXITY, (len(points) - 1) / 3), init=start, random_state=0)
    return view.fit_transform(along.astype(np.float32)).astype(np.float64)
