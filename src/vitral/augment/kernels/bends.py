"""`displace`, `follow`, `bend_grid`: where places lie behind displacements and homographies, compiled.

It is imported when the first bent picture is rendered, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import boolean, float32, float64, int64, types, void

from vitral.augment.kernels.compiled import compiled
from vitral.augment.kernels.vectors import widest

NODES = types.Array(float64, 3, "C", readonly=True)
_ROW = float32[::1]
MATRIX = types.Array(float64, 2, "C", readonly=True)


@compiled(void(float64, boolean, float64[::1]))
def _weights(part, smooth, w):  # pyright: ignore[reportMissingParameterType]
    """Of four nodes in turn, for a place between the second and the third; linear or Catmull-Rom."""
    if smooth:
        t2, t3 = part * part, part * part * part
        w[0], w[1] = 0.5 * (2 * t2 - t3 - part), 0.5 * (3 * t3 - 5 * t2 + 2)
        w[2], w[3] = 0.5 * (4 * t2 - 3 * t3 + part), 0.5 * (t3 - t2)
    else:
        w[0], w[1], w[2], w[3] = 0.0, 1 - part, part, 0.0


@compiled(int64(float64, float64, int64))
def _before(at, size, count):  # pyright: ignore[reportMissingParameterType]
    """The node before a place; beyond the canvas it is as at its edge."""
    place = min(max(at / size, 0.0), 1.0) * (count - 1)
    return min(np.int64(place), max(count - 2, 0))


@compiled(void(NODES, float64, float64, boolean, float64[::1], float64[::1]))
def displace(nodes, tall, wide, smooth, x_at, y_at):  # pyright: ignore[reportMissingParameterType]
    """Move places by a displacement, in place.

    Args:
        nodes: of rows x columns nodes, with one more around all of them: how far to move along x and y.
        tall: height of the canvas over which the nodes are spread, from edge to edge.
        wide: its width.
        smooth: whether it is cubic between nodes, else linear.
        x_at: places along x.
        y_at: along y.
    """
    rows, columns = nodes.shape[0] - 2, nodes.shape[1] - 2
    wx, wy = np.empty(4), np.empty(4)
    line = np.empty((columns + 2, 2))
    last_y = np.nan
    for i in range(x_at.size):
        x, y = x_at[i], y_at[i]
        if not (x == x and y == y):  # behind a horizon
            continue
        if y != last_y:  # In upright rows all places have one y: four rows of nodes become one.
            top = _before(y, tall, rows)
            _weights(min(max(y / tall, 0.0), 1.0) * (rows - 1) - top, smooth, wy)
            alone = i + 1 < x_at.size and y_at[i + 1] != y
            left = _before(x, wide, columns)
            low, high = (left, left + 4) if alone else (0, columns + 2)
            for k in range(low, high):
                for axis in range(2):
                    line[k, axis] = (
                        wy[0] * nodes[top, k, axis]
                        + wy[1] * nodes[top + 1, k, axis]
                        + wy[2] * nodes[top + 2, k, axis]
                        + wy[3] * nodes[top + 3, k, axis]
                    )
            last_y = np.nan if alone else y
        left = _before(x, wide, columns)
        _weights(min(max(x / wide, 0.0), 1.0) * (columns - 1) - left, smooth, wx)
        dx = dy = 0.0
        for k in range(4):
            dx += wx[k] * line[left + k, 0]
            dy += wx[k] * line[left + k, 1]
        x_at[i], y_at[i] = x + dx, y + dy


@compiled(void(MATRIX, float64[::1], float64[::1]))
def follow(matrix, x_at, y_at):  # pyright: ignore[reportMissingParameterType]
    """Move places by a homography, in place; those behind its horizon become NaN, as in `route.through`."""
    upright = matrix[2, 0] == 0.0 and matrix[2, 1] == 0.0 and matrix[2, 2] == 1.0
    front = -1.0 if matrix[2, 2] < 0 else 1.0
    for i in range(x_at.size):
        x, y = x_at[i], y_at[i]
        new_x = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
        new_y = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
        if not upright:
            depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
            inverse = 1 / depth if depth * front > 0 else np.nan
            new_x, new_y = new_x * inverse, new_y * inverse
        x_at[i], y_at[i] = new_x, new_y


@compiled(void(NODES, float64, float64, boolean, float64, float32[:, :, ::1]))
def _spread(nodes, start, step, smooth, size, made):  # pyright: ignore[reportMissingParameterType]
    """What each row of nodes becomes along x, at evenly spaced places."""
    columns, w = nodes.shape[1] - 2, np.empty(4)
    for x in range(made.shape[2]):
        place = start + step * (x + 0.5)
        left = _before(place, size, columns)
        _weights(min(max(place / size, 0.0), 1.0) * (columns - 1) - left, smooth, w)
        for row in range(nodes.shape[0]):
            for axis in range(2):
                made[axis, row, x] = (
                    w[0] * nodes[row, left, axis]
                    + w[1] * nodes[row, left + 1, axis]
                    + w[2] * nodes[row, left + 2, axis]
                    + w[3] * nodes[row, left + 3, axis]
                )


@compiled(void(_ROW, _ROW, _ROW, _ROW, _ROW, _ROW))
def _between(a, b, c, d, w, out):  # pyright: ignore[reportMissingParameterType]
    widest()
    for x in range(out.size):
        out[x] = w[0] * a[x] + w[1] * b[x] + (w[2] * c[x] + w[3] * d[x])


@compiled(void(_ROW, _ROW, float32, float32, float32))
def _move(x_at, y_at, start, step, y):  # pyright: ignore[reportMissingParameterType]
    widest()
    for i in range(x_at.size):
        x_at[i] = x_at[i] + (start + step * np.float32(np.int32(i)))
        y_at[i] = y_at[i] + y


@compiled(void(_ROW, _ROW, MATRIX))
def _turn(x_at, y_at, matrix):  # pyright: ignore[reportMissingParameterType]
    """The same by a matrix without a horizon."""
    widest()
    xx, xy, x0 = np.float32(matrix[0, 0]), np.float32(matrix[0, 1]), np.float32(matrix[0, 2] - 0.5)
    yx, yy, y0 = np.float32(matrix[1, 0]), np.float32(matrix[1, 1]), np.float32(matrix[1, 2] - 0.5)
    for i in range(x_at.size):
        x, y = x_at[i], y_at[i]
        x_at[i], y_at[i] = xx * x + xy * y + x0, yx * x + yy * y + y0


@compiled(void(NODES, float64, float64, boolean, MATRIX, MATRIX, float32[:, :, ::1]))
def bend_grid(nodes, tall, wide, smooth, first, last, out):  # pyright: ignore[reportMissingParameterType]
    """Where the centers of an upright grid lie behind a displacement between two affine maps.

    All rows see the same columns: nodes are interpolated along x once, and then only along y.

    Args:
        nodes: see `displace`.
        tall: of the canvas.
        wide: of the canvas.
        smooth: see `displace`.
        first: from the grid to the canvas; it turns nothing and has no horizon.
        last: from the canvas to the picture; it has no horizon.
        out: x and y of all centers, in pixels whose first center is 0, to a thousandth.
    """
    rows, weights, four = nodes.shape[0] - 2, np.empty(4), np.empty(4, np.float32)
    made = np.empty((2, rows + 2, out.shape[2]), np.float32)
    _spread(nodes, first[0, 2], first[0, 0], smooth, wide, made)
    start, step = np.float32(first[0, 2] + 0.5 * first[0, 0]), np.float32(first[0, 0])
    for y in range(out.shape[1]):
        place = first[1, 2] + first[1, 1] * (y + 0.5)
        top = _before(place, tall, rows)
        _weights(min(max(place / tall, 0.0), 1.0) * (rows - 1) - top, smooth, weights)
        four[:] = weights
        for axis in range(2):
            part = made[axis]
            _between(part[top], part[top + 1], part[top + 2], part[top + 3], four, out[axis, y])
        _move(out[0, y], out[1, y], start, step, place)
        _turn(out[0, y], out[1, y], last)
