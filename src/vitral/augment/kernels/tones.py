"""The tones of a row of pixels, compiled: color matrices, curves and turns of hue, one after another.

Rows are three planes, red, green and blue. It is imported with the passes that need it, and by nobody
else; see `compiled`.
"""

import numpy as np
from numba import float32, int64, uint8, void

from vitral.augment.kernels.compiled import LINE, compiled
from vitral.augment.kernels.vectors import widest

COLOR, CURVE, HUE = 0, 1, 2
"""The numbers of the kinds of tones in a program."""

_0, _1, _2, _3, _4, _6 = (np.float32(n) for n in (0, 1, 2, 3, 4, 6))
_LAST = np.float32(255)
_ROW = float32[::1]
_BLOCK = 1024
"""Pixels that are toned at once: few enough to stay in the nearest cache."""


@compiled(void(_ROW, _ROW, _ROW, _ROW))
def _color(red, green, blue, matrix):  # pyright: ignore[reportMissingParameterType]
    widest()
    a0, a1, a2, a3 = matrix[0], matrix[1], matrix[2], matrix[3]
    b0, b1, b2, b3 = matrix[4], matrix[5], matrix[6], matrix[7]
    c0, c1, c2, c3 = matrix[8], matrix[9], matrix[10], matrix[11]
    for x in range(red.size):
        r, g, b = red[x], green[x], blue[x]
        red[x] = a0 * r + a1 * g + a2 * b + a3
        green[x] = b0 * r + b1 * g + b2 * b + b3
        blue[x] = c0 * r + c1 * g + c2 * b + c3


@compiled(void(_ROW, _ROW))
def _curve(plane, table):  # pyright: ignore[reportMissingParameterType]
    """A table of 257 entries, the last one repeated, so that 255 needs no case of its own."""
    for x in range(plane.size):
        level = min(max(plane[x], _0), _LAST)
        low = np.uint64(level)
        part = level - np.float32(low)
        plane[x] = table[low] * (_1 - part) + table[low + np.uint64(1)] * part


@compiled(void(_ROW, _ROW, _ROW, float32))
def _hue(red, green, blue, turn):  # pyright: ignore[reportMissingParameterType]
    """Turn the hue of the HSV model by some sixths of the circle, 0 to 6; levels are brought into range.

    All is in units of the range between the largest and the smallest channel, so nothing is divided.

    Source:
        Smith 1978, "Color gamut transform pairs", the hexcone model.
    """
    widest()
    for x in range(red.size):
        r = min(max(red[x], _0), _LAST)
        g = min(max(green[x], _0), _LAST)
        b = min(max(blue[x], _0), _LAST)
        low = min(r, min(g, b))
        high = max(r, max(g, b))
        unit = high - low
        h = (r - g) + _4 * unit
        h = (b - r) + _2 * unit if g == high else h
        h = g - b if r == high else h
        circle = _6 * unit
        h = h + turn * unit
        h = h + circle if h < _0 else h
        h = h - circle if h >= circle else h
        red[x] = low + min(max(abs(h - _3 * unit) - unit, _0), unit)
        green[x] = low + min(max(_2 * unit - abs(h - _2 * unit), _0), unit)
        blue[x] = low + min(max(_2 * unit - abs(h - _4 * unit), _0), unit)


@compiled(void(_ROW, _ROW, _ROW, int64[::1], float32[:, ::1], float32[:, :, ::1]))
def tone(red, green, blue, kinds, numbers, tables):  # pyright: ignore[reportMissingParameterType]
    """Carry out a program of tones on a row of levels, in place.

    Args:
        red: levels.
        green: levels.
        blue: levels.
        kinds: of each tone `COLOR`, `CURVE` or `HUE`.
        numbers: of each tone: the twelve numbers of a color matrix, row by row; or, first, by how many
            sixths of the circle hue turns, from 0 to before 6.
        tables: of each tone: the curves of the channels at 0 to 255, the last entry repeated.
    """
    for i in range(kinds.size):
        if kinds[i] == COLOR:
            _color(red, green, blue, numbers[i])
        elif kinds[i] == CURVE:
            _curve(red, tables[i, 0])
            _curve(green, tables[i, 1])
            _curve(blue, tables[i, 2])
        else:
            _hue(red, green, blue, numbers[i, 0])


@compiled(void(float32[:, ::1], float32[:, ::1]))
def split(rows, planes):  # pyright: ignore[reportMissingParameterType]
    """Rows of red, green and blue in turn as three planes."""
    width = rows.shape[1] // 3
    for y in range(len(rows)):
        row = rows[y]
        red, green, blue = planes[0, y * width :], planes[1, y * width :], planes[2, y * width :]
        for x in range(width):
            red[x], green[x], blue[x] = row[3 * x], row[3 * x + 1], row[3 * x + 2]


@compiled(void(float32[:, ::1], _ROW, _ROW, float32[:, ::1]))
def normalize(planes, gain, offset, made):  # pyright: ignore[reportMissingParameterType]
    """Bring levels into [0, 255] and normalize them, each channel with its gain and offset.

    Args:
        planes: red, green and blue levels of as many rows as are made; each may have some more at its end.
        gain: of each channel.
        offset: of each channel.
        made: rows of red, green and blue in turn.
    """
    widest()
    g0, g1, g2 = gain[0], gain[1], gain[2]
    o0, o1, o2 = offset[0], offset[1], offset[2]
    room = planes.shape[1] // len(made)
    for y in range(len(made)):
        row = made[y]
        red, green, blue = planes[0, y * room :], planes[1, y * room :], planes[2, y * room :]
        for x in range(row.size // 3):
            row[3 * x] = min(max(red[x], _0), _LAST) * g0 + o0
            row[3 * x + 1] = min(max(green[x], _0), _LAST) * g1 + o1
            row[3 * x + 2] = min(max(blue[x], _0), _LAST) * g2 + o2


@compiled(void(float32[:, ::1], uint8[:, ::1]))
def round_off(planes, made):  # pyright: ignore[reportMissingParameterType]
    """Bring levels into [0, 255] and round them to whole ones; see `normalize`."""
    room = planes.shape[1] // len(made)
    for y in range(len(made)):
        row = made[y]
        red, green, blue = planes[0, y * room :], planes[1, y * room :], planes[2, y * room :]
        for x in range(row.size // 3):
            row[3 * x] = np.uint8(np.int32(np.rint(min(max(red[x], _0), _LAST))))
            row[3 * x + 1] = np.uint8(np.int32(np.rint(min(max(green[x], _0), _LAST))))
            row[3 * x + 2] = np.uint8(np.int32(np.rint(min(max(blue[x], _0), _LAST))))


@compiled(void(LINE, float32[:, ::1]))
def _read(pixels, planes):  # pyright: ignore[reportMissingParameterType]
    red, green, blue = planes[0], planes[1], planes[2]
    for x in range(red.size):
        red[x] = np.float32(pixels[3 * x])
        green[x], blue[x] = np.float32(pixels[3 * x + 1]), np.float32(pixels[3 * x + 2])


@compiled(void(LINE, int64[::1], float32[:, ::1], float32[:, :, ::1], uint8[::1]))
def render_tones(source, kinds, numbers, tables, out):  # pyright: ignore[reportMissingParameterType]
    """Tone a picture whose pixels stay where they are.

    Args:
        source: red, green and blue of all pixels in turn.
        kinds: the program; see `tone`.
        numbers: of each tone.
        tables: of each tone.
        out: as many bytes; all of them are written.
    """
    planes = np.empty((3, _BLOCK), np.float32)
    for start in range(0, source.size, 3 * _BLOCK):
        stop = min(start + 3 * _BLOCK, source.size)
        if stop - start < 3 * _BLOCK:
            planes = np.empty((3, (stop - start) // 3), np.float32)
        _read(source[start:stop], planes)
        tone(planes[0], planes[1], planes[2], kinds, numbers, tables)
        round_off(planes, out[start:stop].reshape(1, stop - start))


@compiled(void(int64[::1], float32[:, :, ::1], float32[:, :, :, ::1], uint8[:, :, ::1]))
def make_tables(kinds, numbers, tables, out):  # pyright: ignore[reportMissingParameterType]
    """What tones that keep channels apart make of every level.

    Args:
        kinds: the program; see `tone`.
        numbers: of each picture and tone.
        tables: of each picture and tone.
        out: of each picture, channel and level; all of it is written.
    """
    planes = np.empty((3, 256), np.float32)
    for i in range(len(out)):
        for c in range(3):
            for level in range(256):
                planes[c, level] = np.float32(level)
        table = tables[i] if len(tables) else np.empty((0, 3, 257), np.float32)
        tone(planes[0], planes[1], planes[2], kinds, numbers[i], table)
        for c in range(3):
            for level in range(256):
                out[i, c, level] = np.uint8(np.int32(np.rint(min(max(planes[c, level], _0), _LAST))))
