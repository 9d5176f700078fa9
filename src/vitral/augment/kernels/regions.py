"""`render_region`: resample a box of a picture, compiled: bytes in, normalized numbers out, once each.

Importing this module compiles it, a few seconds, or reads what an earlier process compiled, a
fifth of one. So it is imported when the first picture is rendered, and by nobody else.

A region of a picture becomes the input in two products: first rows are weighed (long loops over
whole rows, which processors do sixteen numbers at a time), then columns (four numbers at a time:
three channels and one that the next pixel overwrites). All loops release the interpreter lock.
"""

import math

import numpy as np
from numba import boolean, float32, float64, int64, uint64, void

from vitral.augment.kernels.compiled import ONE, PICTURE, THREE, TWO, compiled, reflected
from vitral.augment.kernels.streams import fits, stream
from vitral.augment.kernels.tones import normalize, split, tone
from vitral.augment.kernels.vectors import widest

_0, _LAST = np.float32(0), np.float32(255)


@compiled(void(float64, float64, int64, boolean, uint64, uint64[:, ::1], float32[:, ::1]))
def _weigh(low, high, size, mirrored, stride, places, weights):  # pyright: ignore[reportMissingParameterType]
    """Which pixels of an axis make each pixel of the input, and with which weights.

    A triangle of half width max(scale, 1) around each center: linear between pixels when the
    picture grows, an average when it shrinks. Beyond the ends pixels are reflected.
    """
    count, taps = places.shape
    scale = (high - low) / count
    radius = max(scale, 1.0)
    for i in range(count):
        center = low + (i + 0.5) * scale
        first = math.floor(center - radius - 0.5) + 1
        total = 0.0
        at = count - 1 - i if mirrored else i
        for t in range(taps):
            j = first + t
            weight = max(0.0, 1.0 - abs(j + 0.5 - center) / radius)
            places[at, t] = np.uint64(reflected(j, size)) * stride
            weights[at, t] = weight
            total += weight
        for t in range(taps):
            weights[at, t] = weights[at, t] / total


@compiled(int64(float64, float64, int64))
def _taps(low, high, count):  # pyright: ignore[reportMissingParameterType]
    return max(2, math.ceil(2 * max((high - low) / count, 1.0)))


@compiled(void(PICTURE, uint64[::1], float32[::1], int64, int64, float32[::1]))
def _weigh_rows(source, places, weights, low, high, line):  # pyright: ignore[reportMissingParameterType]
    """One line of the input before its columns are weighed: some rows summed."""
    widest()
    out = line[low:high]
    a, b = source[places[0], low:high], source[places[1], low:high]
    u, v = weights[0], weights[1]
    if len(places) == 2:
        for j in range(out.size):
            out[j] = u * np.float32(a[j]) + v * np.float32(b[j])
        return
    c, w = source[places[2], low:high], weights[2]
    if len(places) == 3:
        for j in range(out.size):
            out[j] = u * np.float32(a[j]) + v * np.float32(b[j]) + w * np.float32(c[j])
        return
    d, x = source[places[3], low:high], weights[3]
    for j in range(out.size):
        some = u * np.float32(a[j]) + v * np.float32(b[j])
        out[j] = some + w * np.float32(c[j]) + x * np.float32(d[j])
    t = 4
    while t + 1 < len(places):
        a, b = source[places[t], low:high], source[places[t + 1], low:high]
        u, v = weights[t], weights[t + 1]
        for j in range(out.size):
            out[j] += u * np.float32(a[j]) + v * np.float32(b[j])
        t += 2
    if t < len(places):
        a, u = source[places[t], low:high], weights[t]
        for j in range(out.size):
            out[j] += u * np.float32(a[j])


_COLUMNS = void(float32[:, ::1], uint64[:, ::1], float32[:, ::1], float32[:, ::1])
# Four lines at once, because they share places and weights, whose loading is most of the work.


@compiled(_COLUMNS)
def _two_columns(lines, places, weights, made):  # pyright: ignore[reportMissingParameterType]
    a, b, c, d = lines[0], lines[1], lines[2], lines[3]
    made_a, made_b, made_c, made_d = made[0], made[1], made[2], made[3]
    for x in range(np.uint64(len(places) - 1)):
        k = np.uint64(x) * THREE
        p, q = places[x, 0], places[x, 1]
        u, v = weights[x, 0], weights[x, 1]
        r0 = u * a[p] + v * a[q]
        r1 = u * a[p + ONE] + v * a[q + ONE]
        r2 = u * a[p + TWO] + v * a[q + TWO]
        r3 = u * a[p + THREE] + v * a[q + THREE]
        made_a[k], made_a[k + ONE], made_a[k + TWO], made_a[k + THREE] = r0, r1, r2, r3
        r0 = u * b[p] + v * b[q]
        r1 = u * b[p + ONE] + v * b[q + ONE]
        r2 = u * b[p + TWO] + v * b[q + TWO]
        r3 = u * b[p + THREE] + v * b[q + THREE]
        made_b[k], made_b[k + ONE], made_b[k + TWO], made_b[k + THREE] = r0, r1, r2, r3
        r0 = u * c[p] + v * c[q]
        r1 = u * c[p + ONE] + v * c[q + ONE]
        r2 = u * c[p + TWO] + v * c[q + TWO]
        r3 = u * c[p + THREE] + v * c[q + THREE]
        made_c[k], made_c[k + ONE], made_c[k + TWO], made_c[k + THREE] = r0, r1, r2, r3
        r0 = u * d[p] + v * d[q]
        r1 = u * d[p + ONE] + v * d[q + ONE]
        r2 = u * d[p + TWO] + v * d[q + TWO]
        r3 = u * d[p + THREE] + v * d[q + THREE]
        made_d[k], made_d[k + ONE], made_d[k + TWO], made_d[k + THREE] = r0, r1, r2, r3


@compiled(_COLUMNS)
def _three_columns(lines, places, weights, made):  # pyright: ignore[reportMissingParameterType]
    a, b, c, d = lines[0], lines[1], lines[2], lines[3]
    made_a, made_b, made_c, made_d = made[0], made[1], made[2], made[3]
    for x in range(np.uint64(len(places) - 1)):
        k = np.uint64(x) * THREE
        p, q, o = places[x, 0], places[x, 1], places[x, 2]
        u, v, w = weights[x, 0], weights[x, 1], weights[x, 2]
        r0 = u * a[p] + v * a[q] + w * a[o]
        r1 = u * a[p + ONE] + v * a[q + ONE] + w * a[o + ONE]
        r2 = u * a[p + TWO] + v * a[q + TWO] + w * a[o + TWO]
        r3 = u * a[p + THREE] + v * a[q + THREE] + w * a[o + THREE]
        made_a[k], made_a[k + ONE], made_a[k + TWO], made_a[k + THREE] = r0, r1, r2, r3
        r0 = u * b[p] + v * b[q] + w * b[o]
        r1 = u * b[p + ONE] + v * b[q + ONE] + w * b[o + ONE]
        r2 = u * b[p + TWO] + v * b[q + TWO] + w * b[o + TWO]
        r3 = u * b[p + THREE] + v * b[q + THREE] + w * b[o + THREE]
        made_b[k], made_b[k + ONE], made_b[k + TWO], made_b[k + THREE] = r0, r1, r2, r3
        r0 = u * c[p] + v * c[q] + w * c[o]
        r1 = u * c[p + ONE] + v * c[q + ONE] + w * c[o + ONE]
        r2 = u * c[p + TWO] + v * c[q + TWO] + w * c[o + TWO]
        r3 = u * c[p + THREE] + v * c[q + THREE] + w * c[o + THREE]
        made_c[k], made_c[k + ONE], made_c[k + TWO], made_c[k + THREE] = r0, r1, r2, r3
        r0 = u * d[p] + v * d[q] + w * d[o]
        r1 = u * d[p + ONE] + v * d[q + ONE] + w * d[o + ONE]
        r2 = u * d[p + TWO] + v * d[q + TWO] + w * d[o + TWO]
        r3 = u * d[p + THREE] + v * d[q + THREE] + w * d[o + THREE]
        made_d[k], made_d[k + ONE], made_d[k + TWO], made_d[k + THREE] = r0, r1, r2, r3


@compiled(_COLUMNS)
def _four_columns(lines, places, weights, made):  # pyright: ignore[reportMissingParameterType]
    a, b, c, d = lines[0], lines[1], lines[2], lines[3]
    made_a, made_b, made_c, made_d = made[0], made[1], made[2], made[3]
    for x in range(np.uint64(len(places) - 1)):
        k = np.uint64(x) * THREE
        p, q, o, n = places[x, 0], places[x, 1], places[x, 2], places[x, 3]
        u, v, w, z = weights[x, 0], weights[x, 1], weights[x, 2], weights[x, 3]
        r0 = u * a[p] + v * a[q] + w * a[o] + z * a[n]
        r1 = u * a[p + ONE] + v * a[q + ONE] + w * a[o + ONE] + z * a[n + ONE]
        r2 = u * a[p + TWO] + v * a[q + TWO] + w * a[o + TWO] + z * a[n + TWO]
        r3 = u * a[p + THREE] + v * a[q + THREE] + w * a[o + THREE] + z * a[n + THREE]
        made_a[k], made_a[k + ONE], made_a[k + TWO], made_a[k + THREE] = r0, r1, r2, r3
        r0 = u * b[p] + v * b[q] + w * b[o] + z * b[n]
        r1 = u * b[p + ONE] + v * b[q + ONE] + w * b[o + ONE] + z * b[n + ONE]
        r2 = u * b[p + TWO] + v * b[q + TWO] + w * b[o + TWO] + z * b[n + TWO]
        r3 = u * b[p + THREE] + v * b[q + THREE] + w * b[o + THREE] + z * b[n + THREE]
        made_b[k], made_b[k + ONE], made_b[k + TWO], made_b[k + THREE] = r0, r1, r2, r3
        r0 = u * c[p] + v * c[q] + w * c[o] + z * c[n]
        r1 = u * c[p + ONE] + v * c[q + ONE] + w * c[o + ONE] + z * c[n + ONE]
        r2 = u * c[p + TWO] + v * c[q + TWO] + w * c[o + TWO] + z * c[n + TWO]
        r3 = u * c[p + THREE] + v * c[q + THREE] + w * c[o + THREE] + z * c[n + THREE]
        made_c[k], made_c[k + ONE], made_c[k + TWO], made_c[k + THREE] = r0, r1, r2, r3
        r0 = u * d[p] + v * d[q] + w * d[o] + z * d[n]
        r1 = u * d[p + ONE] + v * d[q + ONE] + w * d[o + ONE] + z * d[n + ONE]
        r2 = u * d[p + TWO] + v * d[q + TWO] + w * d[o + TWO] + z * d[n + TWO]
        r3 = u * d[p + THREE] + v * d[q + THREE] + w * d[o + THREE] + z * d[n + THREE]
        made_d[k], made_d[k + ONE], made_d[k + TWO], made_d[k + THREE] = r0, r1, r2, r3


@compiled(_COLUMNS)
def _many_columns(lines, places, weights, made):  # pyright: ignore[reportMissingParameterType]
    for y in range(4):
        line, out = lines[y], made[y]
        for x in range(np.uint64(len(places) - 1)):
            r0 = r1 = r2 = r3 = np.float32(0)
            for t in range(places.shape[1]):
                p, u = places[x, t], weights[x, t]
                r0 += u * line[p]
                r1 += u * line[p + ONE]
                r2 += u * line[p + TWO]
                r3 += u * line[p + THREE]
            k = np.uint64(x) * THREE
            out[k], out[k + ONE], out[k + TWO], out[k + THREE] = r0, r1, r2, r3


@compiled(_COLUMNS)
def _weigh_columns(lines, places, weights, made):  # pyright: ignore[reportMissingParameterType]
    """The columns of four lines; two, three and four weights are the usual ones."""
    count, taps = places.shape
    if taps == 2:
        _two_columns(lines, places, weights, made)
    elif taps == 3:
        _three_columns(lines, places, weights, made)
    elif taps == 4:
        _four_columns(lines, places, weights, made)
    else:
        _many_columns(lines, places, weights, made)
    # The last pixel has no next one that would overwrite a fourth number.
    last = np.uint64(count - 1)
    k = last * THREE
    for y in range(4):
        r0 = r1 = r2 = np.float32(0)
        for t in range(taps):
            p, u = places[last, t], weights[last, t]
            r0 += u * lines[y, p]
            r1 += u * lines[y, p + ONE]
            r2 += u * lines[y, p + TWO]
        made[y, k], made[y, k + ONE], made[y, k + TWO] = r0, r1, r2


@compiled(void(float32[:, ::1], float32[:, ::1]))
def _copy(source, target):  # pyright: ignore[reportMissingParameterType]
    for y in range(len(target)):
        here, there = source[y], target[y]
        for j in range(there.size):
            there[j] = here[j]


@compiled(void(float32[:, ::1], boolean, float32[:, ::1]))
def _scale(lines, changed, numbers):  # pyright: ignore[reportMissingParameterType]
    """Factors and summands, and normalization; levels are clamped where the first change them."""
    widest()
    factor, summand, gain, offset = numbers[0], numbers[1], numbers[2], numbers[3]
    for y in range(len(lines)):
        line = lines[y]
        if changed:
            for j in range(line.size):
                line[j] = min(max(line[j] * factor[j] + summand[j], _0), _LAST)
        for j in range(line.size):
            line[j] = line[j] * gain[j] + offset[j]


@compiled(
    void(
        PICTURE, float64[::1], boolean, boolean, float32[:, ::1],
        int64[::1], float32[:, ::1], float32[:, :, ::1], float32[::1], float32[::1], float32[:, ::1],
    )
)  # fmt: skip
def render_region(source, box, mirrored, flipped, plain, kinds, numbers, tables, gain, offset, out):  # pyright: ignore[reportMissingParameterType]
    """Resample a box of a picture to the input's size, mirror, tone and normalize it.

    Args:
        source: uint8 of h x (w * 3).
        box: x0 y0 x1 y1 in pixels of the picture; beyond the picture it is reflected.
        mirrored: left becomes right.
        flipped: top becomes bottom.
        plain: of red, green and blue: factor and summand, where there are no other tones.
        kinds: the program of tones; see `tones.tone`.
        numbers: of each tone.
        tables: of each tone.
        gain: of red, green and blue: what a level is multiplied by at last.
        offset: of the same: what is added then.
        out: float32 of height x (width * 3); all of it is written.
    """
    tall, wide = source.shape[0], source.shape[1] // 3
    height, width = out.shape[0], out.shape[1] // 3
    taps_x, taps_y = _taps(box[0], box[2], width), _taps(box[1], box[3], height)
    columns, column_weights = np.empty((width, taps_x), np.uint64), np.empty((width, taps_x), np.float32)
    rows, row_weights = np.empty((height, taps_y), np.uint64), np.empty((height, taps_y), np.float32)
    _weigh(box[0], box[2], wide, mirrored, THREE, columns, column_weights)
    _weigh(box[1], box[3], tall, flipped, ONE, rows, row_weights)
    low, high = np.int64(columns.min()), np.int64(columns.max()) + 3
    toned, changed = kinds.size > 0, False
    for c in range(3):
        changed = changed or plain[c, 0] != 1 or plain[c, 1] != 0
    streamed, count = height >= 4 and fits(out, 4), min(height, 4)
    lines, made = np.zeros((4, 3 * wide + 4), np.float32), np.empty((4, 3 * width), np.float32)
    planes = np.empty((3, 4 * width if toned else 0), np.float32)
    plains = np.empty((4, 0 if toned else 3 * width), np.float32)
    for j in range(plains.shape[1]):
        plains[0, j], plains[1, j] = plain[j % 3, 0], plain[j % 3, 1]
        plains[2, j], plains[3, j] = gain[j % 3], offset[j % 3]
    for top in range(0, height, 4):
        # At the lower end the last lines of the input are made again rather than too many.
        y = min(top, max(height - 4, 0))
        for z in range(4):
            row = min(y + z, height - 1)
            _weigh_rows(source, rows[row], row_weights[row], low, high, lines[z])
        _weigh_columns(lines, columns, column_weights, made)
        if toned:
            split(made, planes)
            tone(planes[0], planes[1], planes[2], kinds, numbers, tables)
            normalize(planes, gain, offset, made)
        else:
            _scale(made, changed, plains)
        if streamed and y == top:
            stream(made.reshape(made.size), out[y : y + 4].reshape(made.size), made.size)
        else:
            _copy(made, out[y : y + count])
