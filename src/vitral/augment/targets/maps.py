"""`moved_map`: maps of floats follow the pixels: depth, heat, probabilities."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitral.augment.route import Route, facing
from vitral.augment.targets.moved import Geometry, hidden, onto_grid

Map = NDArray[Any]
"""Floats h x w, or h x w x channels."""


def moved_map(
    levels: Map,
    way: Geometry,
    *,
    size: tuple[int, int],
    height: int,
    width: int,
    outside: float = float("nan"),
) -> Map:
    """The map of what was made: at the center of each pixel, linear between the centers of the map's.

    A number is only moved: depth is not scaled with the picture, and vectors are not turned. NaN in a map
    stays NaN, and so does what would be drawn from it. What is shrunk is sampled, not averaged.

    Args:
        levels: h x w, or h x w x channels; it may have another resolution than the picture.
        way: from what was made to the picture.
        size: height and width of the picture.
        height: of what was made.
        width: of what was made.
        outside: what stands where the picture is not seen.
    Returns:
        height x width, or height x width x channels, computed in float32, and of the map's kind.
    """
    from vitral.augment.kernels.linear import pick_linear, sample_linear

    shape = (height, width, *levels.shape[2:])
    if levels.size == 0:
        return np.full(shape, outside, dtype=levels.dtype)
    flat = np.ascontiguousarray(levels, dtype=np.float32).reshape(*levels.shape[:2], -1)
    out = np.empty((height, width, flat.shape[2]), dtype=np.float32)
    x_scale, y_scale = flat.shape[1] / size[1], flat.shape[0] / size[0]
    unbent = way.unbent() if isinstance(way, Route) else (facing(way), [])
    if unbent is None:
        assert isinstance(way, Route)
        x, y = way.places(height, width)
        pick_linear(flat, x * x_scale, y * y_scale, outside, out)
    else:
        matrix, windows = unbent
        sample_linear(flat, onto_grid(matrix, x_scale, y_scale), outside, out)
        if windows:
            out[hidden(windows, height, width)] = outside
    return out.reshape(shape).astype(levels.dtype, copy=False)
