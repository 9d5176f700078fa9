"""`shift_hsv`, `lighten`: saturation, value and lightness of levels, compiled.

It is imported when the first picture is changed by it, and by nobody else; see `compiled`.

Source:
    Smith 1978, "Color gamut transform pairs", the hexcone model.
"""

import numpy as np
from numba import float32, uint8, void

from vitral.augment.kernels.compiled import LINE, compiled
from vitral.augment.kernels.vectors import widest

_0, _1, _2, _LAST = (np.float32(n) for n in (0, 1, 2, 255))
_HALF = np.float32(0.5)


@compiled(void(LINE, float32, float32, float32, float32, uint8[::1]))
def shift_hsv(source, times_saturation, plus_saturation, times_value, plus_value, out):  # pyright: ignore[reportMissingParameterType]
    """Multiply saturation and value of the HSV model and add to them.

    Args:
        source: red, green and blue of all pixels in turn.
        times_saturation: a factor.
        plus_saturation: added to the saturation, which is then brought into [0, 1].
        times_value: a factor.
        plus_value: added to the value, in levels.
        out: as many bytes; all of them are written.
    """
    widest()
    for k in range(out.size // 3):
        r, g, b = np.float32(source[3 * k]), np.float32(source[3 * k + 1]), np.float32(source[3 * k + 2])
        high, low = max(r, max(g, b)), min(r, min(g, b))
        far = high - low
        some, most = max(far, _1), max(high, _1)
        value = min(max(high * times_value + plus_value, _0), _LAST)
        # Of both quotients, one division: 1 / (some * most).
        unit = _1 / (some * most)
        saturation = min(max(far * some * unit * times_saturation + plus_saturation, _0), _1)
        slope = value * saturation * (most * unit)
        out[3 * k] = np.uint8(np.int32(np.rint(value - slope * (high - r))))
        out[3 * k + 1] = np.uint8(np.int32(np.rint(value - slope * (high - g))))
        out[3 * k + 2] = np.uint8(np.int32(np.rint(value - slope * (high - b))))


@compiled(void(LINE, float32, float32, uint8[::1]))
def lighten(source, threshold, factor, out):  # pyright: ignore[reportMissingParameterType]
    """Multiply the lightness of the HLS model where it is below a threshold; hue and saturation stay.

    Args:
        source: red, green and blue of all pixels in turn.
        threshold: in levels.
        factor: what lightness is multiplied by.
        out: as many bytes; all of them are written.
    """
    widest()
    for k in range(out.size // 3):
        r, g, b = np.float32(source[3 * k]), np.float32(source[3 * k + 1]), np.float32(source[3 * k + 2])
        both = max(r, max(g, b)) + min(r, min(g, b))
        light = both * _HALF
        more = min(light * factor, _LAST)
        # How far channels can be apart at a lightness.
        room, new_room = _LAST - abs(both - _LAST), _LAST - abs(_2 * more - _LAST)
        slope = new_room / max(room, _1)
        dark = light < threshold
        new_r, new_g, new_b = (
            more + slope * (r - light),
            more + slope * (g - light),
            more + slope * (b - light),
        )
        out[3 * k] = np.uint8(np.int32(np.rint(min(max(new_r if dark else r, _0), _LAST))))
        out[3 * k + 1] = np.uint8(np.int32(np.rint(min(max(new_g if dark else g, _0), _LAST))))
        out[3 * k + 2] = np.uint8(np.int32(np.rint(min(max(new_b if dark else b, _0), _LAST))))
