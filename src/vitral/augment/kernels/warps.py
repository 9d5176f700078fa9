"""`render_warp`: sample a picture wherever its geometry leads, compiled: each pixel looked up once.

It is imported when the first such picture is rendered, and by nobody else; see `compiled`. Rows are made
as three planes, red, green and blue, because loops over one channel are the quickest.
"""

import numpy as np
from numba import boolean, float32, float64, int32, int64, uint8, void

from vitral.augment.kernels.compiled import LINE, PICTURE, THREE, compiled
from vitral.augment.kernels.streams import fits, stream, stream_line
from vitral.augment.kernels.tones import normalize, round_off, tone
from vitral.augment.kernels.vectors import blend_four, widest

_0, _1 = np.float32(0), np.float32(1)
_FAR = np.float32(1e6)
"""Pixels beyond a picture from which on all places are alike."""
_ROW = float32[::1]
_ROWS = 6
"""Rows that are made at once: few enough to stay in the nearest cache, enough to be worth the calls."""


@compiled(boolean(float64[:, ::1], int64, int64, _ROW, _ROW))
def _coordinates(matrix, y, rows, x_at, y_at):  # pyright: ignore[reportMissingParameterType]
    """Where the centers of some rows of the input lie, in pixels of the picture, whose first center is 0.

    What lies behind the horizon of a perspective is just beyond the picture. Returns whether nothing does.
    """
    widest()
    four = x_at.size // rows
    straight = matrix[2, 0] == 0.0 and matrix[2, 1] == 0.0
    x_step, y_step = np.float32(matrix[0, 0] / matrix[2, 2]), np.float32(matrix[1, 0] / matrix[2, 2])
    before = True
    for z in range(rows):
        v, x_row, y_row = y + z + 0.5, x_at[z * four : (z + 1) * four], y_at[z * four : (z + 1) * four]
        if straight:
            x_start = (matrix[0, 0] * 0.5 + matrix[0, 1] * v + matrix[0, 2]) / matrix[2, 2] - 0.5
            y_start = (matrix[1, 0] * 0.5 + matrix[1, 1] * v + matrix[1, 2]) / matrix[2, 2] - 0.5
            # Whole pixels and parts of them apart: floats have enough digits for each.
            x_from, y_from = np.float32(np.floor(x_start)), np.float32(np.floor(y_start))
            x_part, y_part = np.float32(x_start - np.floor(x_start)), np.float32(y_start - np.floor(y_start))
            for i in range(four):
                k = np.float32(np.int32(i))
                x_row[i], y_row[i] = x_from + (x_part + k * x_step), y_from + (y_part + k * y_step)
        else:
            across = matrix[2, 1] * v + matrix[2, 2]
            before = before and min(across, across + matrix[2, 0] * four) > 0.0
            for i in range(four):
                u = i + 0.5
                depth = matrix[2, 0] * u + across
                near = 1.0 / depth if depth > 0.0 else 0.0
                x = (matrix[0, 0] * u + matrix[0, 1] * v + matrix[0, 2]) * near - 0.5
                y_ = (matrix[1, 0] * u + matrix[1, 1] * v + matrix[1, 2]) * near - 0.5
                x_row[i], y_row[i] = x if depth > 0.0 else -1.0, y_ if depth > 0.0 else -1.0
    return before


@compiled(void(float32[:, :, ::1], int64, int64, _ROW, _ROW))
def _look_up(places, y, rows, x_at, y_at):  # pyright: ignore[reportMissingParameterType]
    """The same for places that are given; what rows have beyond the last one is not used."""
    four, count = x_at.size // rows, places.shape[2]
    for z in range(rows):
        for i in range(four):
            x_at[z * four + i] = places[0, y + z, min(i, count - 1)]
            y_at[z * four + i] = places[1, y + z, min(i, count - 1)]


@compiled(boolean(_ROW, int64, int64))
def _is_inside(at, rows, size):  # pyright: ignore[reportMissingParameterType]
    """Whether some straight lines are inside: they are where their ends are."""
    four, low, high = at.size // rows, at[0], at[0]
    for z in range(rows):
        first, last = at[z * four], at[(z + 1) * four - 1]
        low, high = min(low, min(first, last)), max(high, max(first, last))
    return low >= 0 and high <= size - 1


@compiled(void(_ROW, int64, boolean))
def _bring_back(at, size, clamped):  # pyright: ignore[reportMissingParameterType]
    """Places beyond the first or last center are reflected there, or become these centers."""
    widest()
    last = np.float32(size - 1)
    for i in range(at.size):
        # Neither endless nor undefined: comparing so is false for what is not a number.
        at[i] = at[i] if at[i] > -_FAR else -_FAR
        at[i] = at[i] if at[i] < _FAR else _FAR
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


@compiled(void(_ROW, _ROW, int64, int64, int32[::1]))
def _split(x_at, y_at, tall, wide, place):  # pyright: ignore[reportMissingParameterType]
    """The upper left of the four pixels around each place; of the places themselves the rest is kept."""
    widest()
    stride = np.int32(3 * wide)
    most_left, most_top = np.int32(wide - 2), np.int32(tall - 2)
    for i in range(x_at.size):
        left, top = min(np.int32(x_at[i]), most_left), min(np.int32(y_at[i]), most_top)
        x_at[i], y_at[i] = x_at[i] - np.float32(left), y_at[i] - np.float32(top)
        place[i] = top * stride + left * np.int32(3)


@compiled(boolean(int32[::1], int64, int64))
def _meets_corner(place, tall, wide):  # pyright: ignore[reportMissingParameterType]
    """Whether any four pixels are those in the lower right corner, behind which memory may end."""
    widest()
    farthest = np.int32(0)
    for i in range(place.size):
        farthest = max(farthest, place[i])
    return farthest == 3 * ((tall - 2) * wide + wide - 2)


@compiled(void(LINE, int64, int32[::1], _ROW, _ROW, float32[:, ::1], _ROW, _ROW))
def _inside(source, stride, place, right, below, planes, ready, target):  # pyright: ignore[reportMissingParameterType]
    """Blend four places at a time, and between them stream what is ready: so no store waits for memory."""
    red, green, blue = planes[0], planes[1], planes[2]
    fours, lines = np.uint64(place.size // 4), np.uint64(ready.size // 16)
    for i in range(min(fours, lines)):
        blend_four(source, place, stride, right, below, red, green, blue, i * np.uint64(4))
        stream_line(ready, target, i * np.uint64(16))
    for i in range(min(fours, lines), fours):
        blend_four(source, place, stride, right, below, red, green, blue, i * np.uint64(4))
    for i in range(min(fours, lines), lines):
        stream_line(ready, target, i * np.uint64(16))


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
        PICTURE, float64[:, ::1], float32[:, :, ::1], boolean, int64, int64, int32[::1], float32[:, ::1],
        float32[:, ::1], int64[::1], float32[:, ::1], float32[:, :, ::1], _ROW, _ROW,
    )
)  # fmt: skip
def _render_rows(
    source, matrix, places, clamped, y, rows, place, at, planes, kinds, numbers, tables, ready, target
):  # pyright: ignore[reportMissingParameterType]
    """Some rows of the result as three planes of levels, toned; each with room for a multiple of four."""
    tall, wide = source.shape[0], source.shape[1] // 3
    x_at, y_at = at[0], at[1]
    inside = places.size == 0
    if inside:
        inside = _coordinates(matrix, y, rows, x_at, y_at)
        inside = inside and _is_inside(x_at, rows, wide) and _is_inside(y_at, rows, tall)
    else:
        _look_up(places, y, rows, x_at, y_at)
    if not inside:
        _bring_back(x_at, wide, clamped)
        _bring_back(y_at, tall, clamped)
    flat = source.reshape(source.size)
    _split(x_at, y_at, tall, wide, place)
    if _meets_corner(place, tall, wide):
        _with_care(flat, source.shape[1], place, x_at, y_at, planes)
        stream(ready, target, ready.size)
    else:
        _inside(flat, source.shape[1], place, x_at, y_at, planes, ready, target)
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
    four, streamed = (out.shape[1] // 3 + 3) // 4 * 4, fits(out, _ROWS)
    at, place = np.empty((2, _ROWS * four), np.float32), np.empty(_ROWS * four, np.int32)
    planes, made = np.empty((3, _ROWS * four), np.float32), np.empty((_ROWS, out.shape[1]), np.float32)
    ready, target = made.reshape(made.size)[:0], made.reshape(made.size)[:0]
    for y in range(0, len(out), _ROWS):
        rows = min(_ROWS, len(out) - y)
        if rows * four < place.size:
            at, place = np.empty((2, rows * four), np.float32), np.empty(rows * four, np.int32)
            planes = np.empty((3, rows * four), np.float32)
        # What the rows before have become is streamed while these are looked up.
        _render_rows(
            source, matrix, places, clamped, y, rows, place, at, planes, kinds, numbers, tables, ready, target
        )
        ready, target = made.reshape(made.size)[:0], made.reshape(made.size)[:0]
        if streamed and rows == _ROWS:
            normalize(planes, gain, offset, made)
            ready, target = made.reshape(made.size), out[y : y + rows].reshape(made.size)
        else:
            normalize(planes, gain, offset, out[y : y + rows])
    stream(ready, target, ready.size)


@compiled(
    void(
        PICTURE, float64[:, ::1], float32[:, :, ::1], boolean, int64[::1], float32[:, ::1],
        float32[:, :, ::1], uint8[:, ::1],
    )
)  # fmt: skip
def render_warp_levels(source, matrix, places, clamped, kinds, numbers, tables, out):  # pyright: ignore[reportMissingParameterType]
    """The same as levels again, rounded; see `render_warp`."""
    four = (out.shape[1] // 3 + 3) // 4 * 4
    at, place = np.empty((2, _ROWS * four), np.float32), np.empty(_ROWS * four, np.int32)
    planes, nothing = np.empty((3, _ROWS * four), np.float32), np.empty(0, np.float32)
    for y in range(0, len(out), _ROWS):
        rows = min(_ROWS, len(out) - y)
        if rows * four < place.size:
            at, place = np.empty((2, rows * four), np.float32), np.empty(rows * four, np.int32)
            planes = np.empty((3, rows * four), np.float32)
        _render_rows(
            source,
            matrix,
            places,
            clamped,
            y,
            rows,
            place,
            at,
            planes,
            kinds,
            numbers,
            tables,
            nothing,
            nothing,
        )
        round_off(planes, out[y : y + rows])
