"""`shine`, `draw_streaks`, `before_rain`, `through_water`: what is on a lens or before it, compiled.

It is imported when the first picture is changed by it, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import float32, float64, uint8, void

from vitral.augment.kernels.compiled import LINE, compiled
from vitral.augment.kernels.vectors import widest

_0, _1, _LAST = (np.float32(n) for n in (0, 1, 255))
_ROW = float32[::1]


@compiled(void(float32, float32, _ROW, _ROW))
def _glow(x, far, table, out):  # pyright: ignore[reportMissingParameterType]
    """A curve of the distance from a light, by a table at whole pixels, linear in between."""
    widest()
    most = np.float32(table.size - 2)
    for k in range(out.size):
        away = np.float32(np.int32(k)) + np.float32(0.5) - x
        distance = min(np.sqrt(away * away + far), most)
        low = np.int32(distance)
        part = distance - np.float32(low)
        first, last = table[np.uint32(low)], table[np.uint32(low) + np.uint32(1)]
        out[k] = first + part * (last - first)


@compiled(void(LINE, _ROW, float32, float32, float32, uint8[::1]))
def _light_up(source, glow, red, green, blue, out):  # pyright: ignore[reportMissingParameterType]
    widest()
    for k in range(glow.size):
        for c in range(3):
            tint = red if c == 0 else green if c == 1 else blue
            dark = (_LAST - np.float32(source[3 * k + c])) * (_1 - tint * glow[k])
            out[3 * k + c] = np.uint8(np.int32(np.rint(_LAST - dark)))


@compiled(void(LINE, float32, float32, _ROW, float32[:, ::1], _ROW, uint8[:, ::1]))
def shine(source, x, y, table, circles, sun, out):  # pyright: ignore[reportMissingParameterType]
    """Let a light and its reflections shine; light is added as on film.

    Args:
        source: red, green and blue of all pixels in turn.
        x: where the light is, in pixels.
        y: where it is.
        table: how much of what is dark it lights at 0, 1, 2 ... pixels from there.
        circles: of each reflection x, y, radius, width of its edge, and how much of what is dark in each
            channel it lights.
        sun: how much of its light is red, green and blue.
        out: uint8 of h x (w * 3), all of it is written.
    """
    tall, many = out.shape
    glow, row = np.empty(many // 3, np.float32), np.empty(many, np.uint8)
    for v in range(tall):
        level = np.float32(v) + np.float32(0.5)
        _glow(x, (level - y) * (level - y), table, glow)
        _light_up(source[v * many : (v + 1) * many], glow, sun[0], sun[1], sun[2], out[v])
        for n in range(len(circles)):
            at, radius, edge = circles[n, 0], circles[n, 2], circles[n, 3]
            far = level - circles[n, 1]
            if abs(far) >= radius:
                continue
            reach = np.sqrt(radius * radius - far * far)
            left, right = max(int(at - reach - _1), 0), min(int(at + reach + _1), many // 3)
            if right <= left:
                continue
            for k in range(left, right):
                away = np.float32(k) + np.float32(0.5) - at
                inside = (radius - np.sqrt(away * away + far * far)) / edge
                glow[k] = min(max(inside, _0), _1)
            row[3 * left : 3 * right] = out[v, 3 * left : 3 * right]
            _light_up(
                row[3 * left : 3 * right], glow[left:right], circles[n, 4], circles[n, 5], circles[n, 6],
                out[v, 3 * left : 3 * right],
            )  # fmt: skip


@compiled(void(float64[:, ::1], float64[::1], float64, uint8[:, ::1]))
def draw_streaks(ends, strength, thick, out):  # pyright: ignore[reportMissingParameterType]
    """Draw lines with smooth sides; where some cross, the strongest is seen.

    Args:
        ends: x0 y0 x1 y1 of each, in pixels whose first center is 0.
        strength: of each, in levels.
        thick: how wide they are, in pixels.
        out: levels, which only grow.
    """
    for n in range(len(ends)):
        x0, y0, x1, y1 = ends[n, 0], ends[n, 1], ends[n, 2], ends[n, 3]
        steep = abs(y1 - y0) >= abs(x1 - x0)
        if not steep:
            x0, y0, x1, y1 = y0, x0, y1, x1
        if y1 < y0:
            x0, y0, x1, y1 = x1, y1, x0, y0
        size, across = (out.shape[0], out.shape[1]) if steep else (out.shape[1], out.shape[0])
        slope = (x1 - x0) / max(y1 - y0, 1e-9)
        half = 0.5 * thick * np.sqrt(1 + slope * slope)
        for row in range(max(int(np.ceil(y0)), 0), min(int(np.floor(y1)), size - 1) + 1):
            middle = x0 + slope * (row - y0)
            first, last = int(np.floor(middle - half + 0.5)), int(np.floor(middle + half + 0.5))
            for k in range(max(first, 0), min(last, across - 1) + 1):
                part = min(middle + half, k + 0.5) - max(middle - half, k - 0.5)
                level = np.uint8(np.int64(strength[n] * min(max(part, 0.0), 1.0)))
                if steep:
                    out[row, k] = max(out[row, k], level)
                else:
                    out[k, row] = max(out[k, row], level)


@compiled(void(LINE, LINE, float32, float32, float32, uint8[::1]))
def before_rain(source, streaks, haze, pale, bright, out):  # pyright: ignore[reportMissingParameterType]
    """Blend a picture with a level, and then with a brighter one where streaks are.

    Args:
        source: red, green and blue of all pixels in turn.
        streaks: of each pixel, in 256ths, how much of it a streak hides.
        haze: the weight of the first level.
        pale: the first level.
        bright: the second, which darkens nothing.
        out: as many bytes as in the source; all of them are written.
    """
    widest()
    for k in range(streaks.size):
        weight = np.float32(streaks[k]) * np.float32(1 / 256)
        for c in range(3):
            level = np.float32(source[3 * k + c])
            dull = level + haze * (pale - level)
            made = dull + weight * max(bright - dull, _0)
            out[3 * k + c] = np.uint8(np.int32(np.rint(made)))


@compiled(void(LINE, LINE, _ROW, _ROW, _ROW, uint8[::1]))
def through_water(source, soft, depth, shine, color, out):  # pyright: ignore[reportMissingParameterType]
    """Show a softer picture where there is water, with a quarter of its color, and light added.

    Args:
        source: red, green and blue of all pixels in turn.
        soft: the softer picture.
        depth: of the water at each pixel: from a quarter on nothing but it is seen, at 0 there is none.
        shine: levels that are added where it is.
        color: of the water.
        out: as many bytes as in the source; all of them are written.
    """
    widest()
    red, green, blue = color[0], color[1], color[2]
    for k in range(depth.size):
        covered = min(depth[k] * np.float32(4), _1)
        for c in range(3):
            water = red if c == 0 else green if c == 1 else blue
            level, behind = np.float32(source[3 * k + c]), np.float32(soft[3 * k + c])
            wet = behind + np.float32(0.25) * (water - behind) + shine[k]
            made = level + covered * (wet - level)
            out[3 * k + c] = np.uint8(np.int32(np.rint(min(max(made, _0), _LAST))))
