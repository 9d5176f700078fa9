"""`render_warp`: sample a picture through a homography, compiled: each pixel of the input looked up once.

It is imported when the first such picture is rendered, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import boolean, float32, float64, int32, int64, void

from vitral.augment.compiled import LINE, ONE, PICTURE, THREE, TWO, compiled, reflected
from vitral.augment.tones import normalize, tone

_1 = np.float32(1)
_UNIT = np.float32(1 / 65536)


@compiled(void(float64[:, ::1], int64, float32[::1], float32[::1]))
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


@compiled(boolean(float32[::1], int64))
def _is_inside(at, size):  # pyright: ignore[reportMissingParameterType]
    return min(at[0], at[-1]) >= 0 and max(at[0], at[-1]) <= size - 1


@compiled(void(float32[::1], int64))
def _reflect(at, size):  # pyright: ignore[reportMissingParameterType]
    """Bring places beyond the first or last center back; what is linear in between stays so."""
    last = np.float32(size - 1)
    period = np.float32(2) * last
    unit = _1 / period
    for i in range(at.size):
        place = at[i] - period * np.floor(at[i] * unit)
        # Rounding may leave a place a hair outside.
        at[i] = min(max(min(place, period - place), np.float32(0)), last)


@compiled(boolean(float32[::1], float32[::1], int64, int64, int32[::1]))
def _split(x_at, y_at, tall, wide, place):  # pyright: ignore[reportMissingParameterType]
    """The upper left of the four pixels around each place; of the places themselves the rest is kept.

    Returns whether the four are ever those in the lower right corner, of which no fourth byte lies in
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


@compiled(void(LINE, int64, int32[::1], float32[::1], float32[::1], float32[::1]))
def _inside(source, stride, place, right, below, row):  # pyright: ignore[reportMissingParameterType]
    """Weigh four pixels of four numbers each: three channels and one that the next pixel overwrites."""
    step = np.uint64(stride)
    for i in range(np.uint64(place.size)):
        a, u, v = np.uint64(place[i]), right[i], below[i]
        b, c = a + THREE, a + step
        d = c + THREE
        w3 = u * v
        w1, w2 = u - w3, v - w3
        w0 = _1 - u - w2
        r0 = w0 * np.float32(source[a]) + w1 * np.float32(source[b])
        r0 += w2 * np.float32(source[c]) + w3 * np.float32(source[d])
        r1 = w0 * np.float32(source[a + ONE]) + w1 * np.float32(source[b + ONE])
        r1 += w2 * np.float32(source[c + ONE]) + w3 * np.float32(source[d + ONE])
        r2 = w0 * np.float32(source[a + TWO]) + w1 * np.float32(source[b + TWO])
        r2 += w2 * np.float32(source[c + TWO]) + w3 * np.float32(source[d + TWO])
        r3 = w0 * np.float32(source[a + THREE]) + w1 * np.float32(source[b + THREE])
        r3 += w2 * np.float32(source[c + THREE]) + w3 * np.float32(source[d + THREE])
        k = i * THREE
        row[k], row[k + ONE], row[k + TWO], row[k + THREE] = r0, r1, r2, r3


@compiled(void(PICTURE, float64[:, ::1], int64, float32[::1]))
def _with_care(source, matrix, y, row):  # pyright: ignore[reportMissingParameterType]
    """Any row of any picture, also of one that is a single pixel wide or tall."""
    tall, wide = source.shape[0], source.shape[1] // 3
    v = y + 0.5
    for i in range(row.size // 3):
        u = i + 0.5
        depth = matrix[2, 0] * u + matrix[2, 1] * v + matrix[2, 2]
        x = np.float32((matrix[0, 0] * u + matrix[0, 1] * v + matrix[0, 2]) / depth - 0.5)
        y_ = np.float32((matrix[1, 0] * u + matrix[1, 1] * v + matrix[1, 2]) / depth - 0.5)
        # Far out everything is reflected many times; a bound keeps that from taking long.
        x = min(max(x, np.float32(-8 * wide)), np.float32(8 * wide))
        y_ = min(max(y_, np.float32(-8 * tall)), np.float32(8 * tall))
        left, top = np.int64(np.floor(x)), np.int64(np.floor(y_))
        right, below = x - np.float32(left), y_ - np.float32(top)
        x0, x1 = 3 * reflected(left, wide), 3 * reflected(left + 1, wide)
        upper, lower = source[reflected(top, tall)], source[reflected(top + 1, tall)]
        for c in range(3):
            high = np.float32(upper[x0 + c]) * (_1 - right) + np.float32(upper[x1 + c]) * right
            low = np.float32(lower[x0 + c]) * (_1 - right) + np.float32(lower[x1 + c]) * right
            row[3 * i + c] = high * (_1 - below) + low * below


@compiled(
    void(
        PICTURE, float64[:, ::1], int64[::1], float32[:, ::1], float32[:, :, ::1],
        float32[::1], float32[::1], float32[:, ::1],
    )
)  # fmt: skip
def render_warp(source, matrix, kinds, numbers, tables, gain, offset, out):  # pyright: ignore[reportMissingParameterType]
    """Sample a picture at the places that a homography leads to, linearly; tone and normalize.

    Args:
        source: uint8 of h x (w * 3).
        matrix: from (x, y, 1) of the input to (x, y, 1) of the picture, up to a factor.
        kinds: the program of tones; see `tones.tone`.
        numbers: of each tone.
        tables: of each tone.
        gain: of red, green and blue: what a level is multiplied by at last.
        offset: of the same: what is added then.
        out: float32 of height x (width * 3); all of it is written.
    """
    tall, wide = source.shape[0], source.shape[1] // 3
    width = out.shape[1] // 3
    flat = source.reshape(source.size)
    x_at, y_at = np.empty(width, np.float32), np.empty(width, np.float32)
    place, row = np.empty(width, np.int32), np.zeros(3 * width + 1, np.float32)
    for y in range(len(out)):
        careful = tall < 2 or wide < 2
        if not careful:
            _coordinates(matrix, y, x_at, y_at)
            # A straight line is inside where both of its ends are.
            if not (_is_inside(x_at, wide) and _is_inside(y_at, tall)):
                _reflect(x_at, wide)
                _reflect(y_at, tall)
            careful = _split(x_at, y_at, tall, wide, place)
        if careful:
            _with_care(source, matrix, y, row[: 3 * width])
        else:
            _inside(flat, source.shape[1], place, x_at, y_at, row)
        tone(row[: 3 * width], kinds, numbers, tables)
        normalize(row[: 3 * width], gain, offset, out[y])
