"""`render_warps`: sample many pictures through their homographies, compiled: one call for a part of a batch.

It is imported when the first such pictures are rendered, and by nobody else; see `compiled`.
"""

import math

import numpy as np
from numba import boolean, float32, float64, int64, types, void

from vitral.augment.geometry import LINEAR_SCALE
from vitral.augment.kernels.compiled import PICTURE, PICTURES, compiled
from vitral.augment.kernels.sums import add_means, touched
from vitral.augment.kernels.warps import render_warp

_MATRIX = types.Array(float64, 2, "C", readonly=True)


@compiled(boolean(_MATRIX, int64, int64))
def _is_small(matrix, height, width):  # pyright: ignore[reportMissingParameterType]
    """Whether the picture need not be shrunk first; as `geometry.shrunk_size` has it."""
    u, v = width / 2, height / 2
    depth = matrix[2, 0] * u + matrix[2, 1] * v + matrix[2, 2]
    x = (matrix[0, 0] * u + matrix[0, 1] * v + matrix[0, 2]) / depth
    y = (matrix[1, 0] * u + matrix[1, 1] * v + matrix[1, 2]) / depth
    along_x = math.hypot(matrix[0, 0] - x * matrix[2, 0], matrix[0, 1] - x * matrix[2, 1]) / abs(depth)
    along_y = math.hypot(matrix[1, 0] - y * matrix[2, 0], matrix[1, 1] - y * matrix[2, 1]) / abs(depth)
    return along_x <= LINEAR_SCALE and along_y <= LINEAR_SCALE


@compiled(void(_MATRIX, int64, int64, int64, int64, int64[::1]))
def _seen(matrix, height, width, tall, wide, box):  # pyright: ignore[reportMissingParameterType]
    """Rows and columns of the picture that can be seen: top, bottom, left, right; as `geometry.seen`."""
    x0, x1, y0, y1 = math.inf, -math.inf, math.inf, -math.inf
    for k in range(4):
        u, v = width * (k % 2), height * (k // 2)
        depth = matrix[2, 0] * u + matrix[2, 1] * v + matrix[2, 2]
        if depth <= 0:
            x0, x1, y0, y1 = 0.0, float(wide), 0.0, float(tall)
            break
        x = (matrix[0, 0] * u + matrix[0, 1] * v + matrix[0, 2]) / depth
        y = (matrix[1, 0] * u + matrix[1, 1] * v + matrix[1, 2]) / depth
        x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
    touched(x0, y0, x1, y1, tall, wide, box)


@compiled(int64(PICTURE, int64[::1]))
def _touch(source, box):  # pyright: ignore[reportMissingParameterType]
    """Read what will be seen in the order in which it lies in memory: it comes many times as quickly so."""
    total = 0
    for y in range(box[0], box[1]):
        for k in range(3 * box[2], 3 * box[3], 64):
            total += source[y, k]
    return total


@compiled(
    void(
        PICTURES, float64[:, :, ::1], boolean, boolean, int64[::1], float32[:, :, ::1],
        float64[:, :, :, ::1], float32[:, :, :, ::1], float32[::1], float32[::1], float32[:, :, ::1],
        boolean[::1],
    )
)  # fmt: skip
def render_warps(sources, matrices, clamped, with_means, kinds, numbers, of_means, tables, gain, offset, out, done):  # pyright: ignore[reportMissingParameterType]  # fmt: skip  # noqa: E501
    """Sample pictures of one size through homographies, linearly; tone and normalize them.

    Args:
        sources: uint8 of b x h x (w * 3), at least 2 x 2 pixels each.
        matrices: of each, from (x, y, 1) of the input to (x, y, 1) of the picture, up to a factor.
        clamped: see `render_warp`.
        with_means: whether any color matrix adds a part of the channels' means.
        kinds: the program of tones; see `tones.tone`.
        numbers: of each picture and tone.
        of_means: of each picture and tone: how much of the channels' means each channel gets.
        tables: of each picture and tone.
        gain: of red, green and blue: what a level is multiplied by at last.
        offset: of the same: what is added then.
        out: float32 of b x height x (width * 3).
        done: which pictures are written; the others must be shrunk before.
    """
    tall, wide = sources.shape[1], sources.shape[2] // 3
    height, width = out.shape[1], out.shape[2] // 3
    box, read = np.empty(4, np.int64), 0
    mine = np.empty((kinds.size, 12), np.float32)
    no_places = np.empty((2, 0, 0), np.float32)
    for i in range(len(sources)):
        source = sources[i]
        done[i] = _is_small(matrices[i], height, width)
        if not done[i]:
            continue
        _seen(matrices[i], height, width, tall, wide, box)
        mine[:] = numbers[i]
        if with_means:
            add_means(source, box, of_means[i], mine)
        else:
            read += _touch(source, box)
        table = tables[i] if len(tables) else np.empty((0, 3, 257), np.float32)
        render_warp(source, matrices[i], no_places, clamped, kinds, mine, table, gain, offset, out[i])
    done[0] = done[0] and read >= 0  # so that touching is not left out as useless
