"""`sample_linear`, `pick_linear`: maps of floats, linear between the centers of their pixels, compiled.

It is imported when the first map is moved, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import float32, float64, types, void

from vitral.augment.kernels.compiled import compiled

_MAP = types.Array(float32, 3, "C", readonly=True)
_MATRIX = types.Array(float64, 2, "C", readonly=True)


@compiled(void(_MAP, float64[::1], float64[::1], float32, float32[:, ::1]))
def _take(levels, x_at, y_at, outside, line):  # pyright: ignore[reportMissingParameterType]
    """What a map is at some places; a neighbor of no weight does not count, though it were NaN."""
    tall, wide, channels = levels.shape
    most_x, most_y, one = wide - 1.0, tall - 1.0, np.float32(1)
    for i in range(line.shape[0]):
        left, top = x_at[i], y_at[i]
        if not ((left >= 0.0) & (left < wide) & (top >= 0.0) & (top < tall)):
            for c in range(channels):
                line[i, c] = outside
            continue
        # Beyond the outermost centers it is as there.
        x, y = min(max(left - 0.5, 0.0), most_x), min(max(top - 0.5, 0.0), most_y)
        x0, y0 = np.int32(x), np.int32(y)
        right, down = np.float32(x - x0), np.float32(y - y0)
        x1, y1 = x0 + (right > 0), y0 + (down > 0)
        a, b, c0, d = np.uint64(x0), np.uint64(x1), np.uint64(y0), np.uint64(y1)
        for c in range(channels):
            # Nothing times NaN, or times infinity, would be NaN.
            above, below = levels[c0, a, c], levels[d, a, c]
            if right > 0:
                above = (one - right) * above + right * levels[c0, b, c]
                below = (one - right) * below + right * levels[d, b, c]
            line[i, c] = (one - down) * above + down * below if down > 0 else above


@compiled(void(_MAP, _MATRIX, float32, float32[:, :, ::1]))
def sample_linear(levels, matrix, outside, out):  # pyright: ignore[reportMissingParameterType]
    """Sample a map at the places that a homography leads to.

    Args:
        levels: the map.
        matrix: from (x, y, 1) of the result to (x, y, 1) of the map, up to a factor above 0.
        outside: what stands where there is no map, and behind the horizon, where depth is not above 0.
        out: the result; all of it is written.
    """
    straight = matrix[2, 0] == 0.0 and matrix[2, 1] == 0.0 and matrix[2, 2] == 1.0
    xx, xy, x0, yx, yy, y0 = (
        matrix[0, 0],
        matrix[0, 1],
        matrix[0, 2],
        matrix[1, 0],
        matrix[1, 1],
        matrix[1, 2],
    )
    zx, zy, z0 = matrix[2, 0], matrix[2, 1], matrix[2, 2]
    x_at, y_at = np.empty(out.shape[1]), np.empty(out.shape[1])
    for y in range(out.shape[0]):
        v = y + 0.5
        for x in range(out.shape[1]):
            x_at[x], y_at[x] = xx * (x + 0.5) + xy * v + x0, yx * (x + 0.5) + yy * v + y0
        if not straight:
            for x in range(out.shape[1]):
                depth = zx * (x + 0.5) + zy * v + z0
                near = 1.0 / depth if depth > 0.0 else np.nan
                x_at[x], y_at[x] = x_at[x] * near, y_at[x] * near
        _take(levels, x_at, y_at, outside, out[y])


@compiled(void(_MAP, float64[:, ::1], float64[:, ::1], float32, float32[:, :, ::1]))
def pick_linear(levels, x_at, y_at, outside, out):  # pyright: ignore[reportMissingParameterType]
    """Sample a map at given places.

    Args:
        levels: the map.
        x_at: where each pixel of the result lies along x, in pixels of the map.
        y_at: along y.
        outside: what stands where there is no map.
        out: the result; all of it is written.
    """
    for y in range(out.shape[0]):
        _take(levels, x_at[y], y_at[y], outside, out[y])
