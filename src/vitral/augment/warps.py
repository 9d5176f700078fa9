"""`render_warp`: sample a picture wherever its geometry leads, compiled: each pixel looked up once.

It is imported when the first such picture is rendered, and by nobody else; see `compiled`. Rows are made
as three planes, red, green and blue, because loops over one channel are the quickest.
"""

import numpy as np
from numba import boolean, float32, float64, int32, int64, uint8, void

from vitral.augment.compiled import LINE, PICTURE, THREE, compiled
from vitral.augment.tones import normalize, round_off, tone
from vitral.augment.vectors import blend_four

_0, _1 = np.float32(0), np.float32(1)
_ROW = float32[::1]


@compiled(void(float64[:, ::1], int64, _ROW, _ROW))
def _coordinates(matrix, y, x_at, y_at):  # pyright: ignore[reportMissingParameterType]
    """Where the centers of a row of the input lie, in pixels of the picture, whose first center is 0."""
    v = y + 0.5
    if matrix[2, 0] == 0.0 and matrix[2, 1] == 0.0:
        x_step, y_step = matrix[0, 0] / matrix[2, 2], matrix[1, 0] / matrix[2, 2]
        x_start = (matrix[0, 0] * 0.5 + matrix[0, 1] * v + matrix[0, 2]) / matrix[2, 2] - 0.5
        y_start = (matrix[1, 0] * 0.5 + matrix[1, 1] * v + matrix[1, 2]) / matrix[2, 2] - 0.5
        for i in range(x_at.size):
            x_at[i], y_at[i] = x_start + i * x_step, y_start + i * y_step
        return
    for i in range(x_at.size):
        u = i + 0.5
        depth = 1.0 / (matrix[2, 0] * u + matrix[2, 1] * v + matrix[2, 2])
        x_at[i] = (matrix[0, 0] * u + matrix[0, 1] * v + matrix[0, 2]) * depth - 0.5
        y_at[i] = (matrix[1, 0] * u + matrix[1, 1] * v + matrix[1, 2]) * depth - 0.5


@compiled(boolean(_ROW, int64))
def _is_inside(at, size):  # pyright: ignore[reportMissingParameterType]
    return min(at[0], at[-1]) >= 0 and max(at[0], at[-1]) <= size - 1


@compiled(void(_ROW, int64, boolean))
def _bring_back(at, size, clamped):  # pyright: ignore[reportMissingParameterType]
    """Places beyond the first or last center are reflected there, or become these centers."""
    last = np.float32(size - 1)
    if clamped:
        for i in range(at.size):
            at[i] = min(max(at[i], _0), last)
        return
    period = np.float32(2) * last
    unit = _1 / period
    for i in range(at.size):
        place = at[i] - period * np.floor(at[i] * unit)
        # Rounding may leave a place a hair outside.
        at[i] = min(max(min(place, period - place), _0), last)


@compiled(boolean(_ROW, _ROW, int64, int64, int32[::1]))
def _split(x_at, y_at, tall, wide, place):  # pyright: ignore[reportMissingParameterType]
    """The upper left of the four pixels around each place; of the places themselves the rest is kept.

    Returns whether the four are ever those in the lower right corner, behind which no more bytes lie in
    memory.
    """
    stride = np.int32(3 * wide)
    most_left, most_top = np.float32(wide - 2), np.float32(tall - 2)
    corner = np.int32(tall - 2) * stride + np.int32(wide - 2) * np.int32(3)
    farthest = np.int32(0)
    for i in range(x_at.size):
        left, top = min(np.floor(x_at[i]), most_left), min(np.floor(y_at[i]), most_top)
        x_at[i], y_at[i] = x_at[i] - left, y_at[i] - top
        place[i] = np.int32(top) * stride + np.int32(left) * np.int32(3)
        farthest = max(farthest, place[i])
    return farthest == corner


@compiled(void(LINE, int64, int32[::1], _ROW, _ROW, _ROW, _ROW, _ROW))
def _inside(source, stride, place, right, below, red, green, blue):  # pyright: ignore[reportMissingParameterType]
    for i in range(np.uint64(place.size // 4)):
        blend_four(source, place, stride, right, below, red, green, blue, i * np.uint64(4))


@compiled(void(LINE, int64, int32[::1], _ROW, _ROW, float32[:, ::1]))
def _with_care(source, stride, place, right, below, planes):  # pyright: ignore[reportMissingParameterType]
    """The same, reading no byte but those of the four pixels."""
    step = np.uint64(stride)
    for i in range(place.size):
        for c in range(3):
            a = np.uint64(place[i]) + np.uint64(c)
            upper, lower = np.float32(source[a]), np.float32(source[a + step])
            upper_next, lower_next = np.float32(source[a + THREE]), np.float32(source[a + step + THREE])
            near = upper + below[i] * (lower - upper)
            next_ = upper_next + below[i] * (lower_next - upper_next)
            planes[c, i] = near + right[i] * (next_ - near)


@compiled(
    void(
        PICTURE, float64[:, ::1], float32[:, :, ::1], boolean, int64, int32[::1], float32[:, ::1],
        float32[:, ::1], int64[::1], float32[:, ::1], float32[:, :, ::1],
    )
)  # fmt: skip
def _render_row(source, matrix, places, clamped, y, place, at, planes, kinds, numbers, tables):  # pyright: ignore[reportMissingParameterType]
    """One row of the result as three planes of levels, toned."""
    tall, wide = source.shape[0], source.shape[1] // 3
    x_at, y_at = at[0], at[1]
    inside = places.size == 0
    if inside:
        _coordinates(matrix, y, x_at, y_at)
        # A straight line is inside where both of its ends are.
        inside = _is_inside(x_at, wide) and _is_inside(y_at, tall)
    else:
        count = places.shape[2]
        for i in range(x_at.size):  # what rows have beyond the last place is not used
            x_at[i], y_at[i] = places[0, y, min(i, count - 1)], places[1, y, min(i, count - 1)]
    if not inside:
        _bring_back(x_at, wide, clamped)
        _bring_back(y_at, tall, clamped)
    flat = source.reshape(source.size)
    if _split(x_at, y_at, tall, wide, place):
        _with_care(flat, source.shape[1], place, x_at, y_at, planes)
    else:
        _inside(flat, source.shape[1], place, x_at, y_at, planes[0], planes[1], planes[2])
    tone(planes[0], planes[1], planes[2], kinds, numbers, tables)


@compiled(
    void(
        PICTURE, float64[:, ::1], float32[:, :, ::1], boolean, int64[::1], float32[:, ::1],
        float32[:, :, ::1], float32[::1], float32[::1], float32[:, ::1],
    )
)  # fmt: skip
def render_warp(source, matrix, places, clamped, kinds, numbers, tables, gain, offset, out):  # pyright: ignore[reportMissingParameterType]
    """Sample a picture at the places that its geometry leads to, linearly; tone and normalize.

    Args:
        source: uint8 of h x (w * 3), at least 2 x 2 pixels.
        matrix: from (x, y, 1) of the input to (x, y, 1) of the picture, up to a factor.
        places: where each pixel of the input lies, instead of the matrix: x and y in pixels of the
            picture, whose first center is 0; of 2 x height x width, or empty.
        clamped: whether what lies beyond the picture is as at its edge, else it is reflected.
        kinds: the program of tones; see `tones.tone`.
        numbers: of each tone.
        tables: of each tone.
        gain: of red, green and blue: what a level is multiplied by at last.
        offset: of the same: what is added then.
        out: float32 of height x (width * 3); all of it is written.
    """
    four = (out.shape[1] // 3 + 3) // 4 * 4
    at, place = np.empty((2, four), np.float32), np.empty(four, np.int32)
    planes = np.empty((3, four), np.float32)
    for y in range(len(out)):
        _render_row(source, matrix, places, clamped, y, place, at, planes, kinds, numbers, tables)
        normalize(planes[0], planes[1], planes[2], gain, offset, out[y])


@compiled(
    void(
        PICTURE, float64[:, ::1], float32[:, :, ::1], boolean, int64[::1], float32[:, ::1],
        float32[:, :, ::1], uint8[:, ::1],
    )
)  # fmt: skip
def render_warp_levels(source, matrix, places, clamped, kinds, numbers, tables, out):  # pyright: ignore[reportMissingParameterType]
    """The same as levels again, rounded; see `render_warp`."""
    four = (out.shape[1] // 3 + 3) // 4 * 4
    at, place = np.empty((2, four), np.float32), np.empty(four, np.int32)
    planes = np.empty((3, four), np.float32)
    for y in range(len(out)):
        _render_row(source, matrix, places, clamped, y, place, at, planes, kinds, numbers, tables)
        round_off(planes[0], planes[1], planes[2], out[y])
