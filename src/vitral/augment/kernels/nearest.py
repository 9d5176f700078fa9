"""`sample_nearest`, `pick_nearest`: the number of the pixel in which each place lies, compiled.

It is imported when the first mask is moved, and by nobody else; see `compiled`. Each row is done in two
loops: one finds which pixel is looked up, in vectors and without branches; the other looks it up.
"""

import numpy as np
from numba import float64, int32, types, uint8, void

from vitral.augment.kernels.compiled import LINE, compiled

_MASK = types.Array(uint8, 2, "C", readonly=True)
_MATRIX = types.Array(float64, 2, "C", readonly=True)


@compiled(void(LINE, int32[::1], uint8, uint8[::1]))
def _look_up(flat, at, outside, line):  # pyright: ignore[reportMissingParameterType]
    """The numbers at some places; where a place is below 0, `outside`."""
    for x in range(line.size):
        here = at[x]
        number = flat[np.uint64(max(here, np.int32(0)))]
        line[x] = number if here >= 0 else outside


@compiled(void(_MASK, _MATRIX, uint8, uint8[:, ::1]))
def sample_nearest(mask, matrix, outside, out):  # pyright: ignore[reportMissingParameterType]
    """Sample a mask at the places that a homography leads to.

    Args:
        mask: class numbers; at least one, and fewer than 2 ** 31.
        matrix: from (x, y, 1) of the result to (x, y, 1) of the mask, up to a factor above 0.
        outside: what stands where there is no mask, and behind the horizon, where depth is not above 0.
        out: the result; all of it is written.
    """
    tall, wide, many = np.float64(mask.shape[0]), np.float64(mask.shape[1]), np.int32(mask.shape[1])
    flat, at = mask.reshape(mask.size), np.empty(out.shape[1], np.int32)
    xx, xy, x0, yx, yy, y0 = (
        matrix[0, 0],
        matrix[0, 1],
        matrix[0, 2],
        matrix[1, 0],
        matrix[1, 1],
        matrix[1, 2],
    )
    zx, zy, z0 = matrix[2, 0], matrix[2, 1], matrix[2, 2]
    straight = zx == 0.0 and zy == 0.0 and z0 == 1.0
    upright = straight and xy == 0.0 and yx == 0.0
    if upright:
        for x in range(out.shape[1]):
            left = xx * (x + 0.5) + x0
            inside = (left >= 0.0) & (left < wide)
            at[x] = np.int32(left) if inside else np.int32(-1)
    for y in range(out.shape[0]):
        v = y + 0.5
        if upright:
            top = yy * v + y0
            if 0.0 <= top < tall:
                _look_up(mask[np.uint64(top)], at, outside, out[y])
            else:
                out[y] = outside
            continue
        if straight:
            for x in range(out.shape[1]):
                u = x + 0.5
                left, top = xx * u + xy * v + x0, yx * u + yy * v + y0
                inside = (left >= 0.0) & (left < wide) & (top >= 0.0) & (top < tall)
                place = np.int32(top if inside else 0.0) * many + np.int32(left if inside else 0.0)
                at[x] = place if inside else np.int32(-1)
        else:
            for x in range(out.shape[1]):
                u = x + 0.5
                depth = zx * u + zy * v + z0
                near = 1.0 / depth
                left, top = (xx * u + xy * v + x0) * near, (yx * u + yy * v + y0) * near
                inside = (left >= 0.0) & (left < wide) & (top >= 0.0) & (top < tall) & (depth > 0.0)
                place = np.int32(top if inside else 0.0) * many + np.int32(left if inside else 0.0)
                at[x] = place if inside else np.int32(-1)
        _look_up(flat, at, outside, out[y])


@compiled(void(_MASK, float64[:, ::1], float64[:, ::1], uint8, uint8[:, ::1]))
def pick_nearest(mask, x_at, y_at, outside, out):  # pyright: ignore[reportMissingParameterType]
    """Sample a mask at given places.

    Args:
        mask: class numbers; at least one, and fewer than 2 ** 31.
        x_at: where each pixel of the result lies along x, in pixels of the mask.
        y_at: along y.
        outside: what stands where there is no mask.
        out: the result; all of it is written.
    """
    tall, wide, many = np.float64(mask.shape[0]), np.float64(mask.shape[1]), np.int32(mask.shape[1])
    flat, at = mask.reshape(mask.size), np.empty(out.shape[1], np.int32)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            left, top = x_at[y, x], y_at[y, x]
            inside = (left >= 0.0) & (left < wide) & (top >= 0.0) & (top < tall)
            place = np.int32(top if inside else 0.0) * many + np.int32(left if inside else 0.0)
            at[x] = place if inside else np.int32(-1)
        _look_up(flat, at, outside, out[y])
