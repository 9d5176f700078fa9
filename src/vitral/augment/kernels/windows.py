"""`render_windows`: cut windows at whole pixels out of many pictures, compiled: no resampling.

It is imported when the first such window is cut, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import boolean, float32, int64, uint8, uint64, void

from vitral.augment.kernels.compiled import LINE, ONE, PICTURES, THREE, TWO, compiled, reflected


@compiled(void(LINE, uint64[::1], uint8[::1]))
def _gather(source, places, window):  # pyright: ignore[reportMissingParameterType]
    """Pixels of a row at some places."""
    for x in range(np.uint64(len(places))):
        p, k = places[x], np.uint64(x) * THREE
        window[k], window[k + ONE], window[k + TWO] = source[p], source[p + ONE], source[p + TWO]


@compiled(void(LINE, float32[::1], float32[::1], float32[::1]))
def _normalize(levels, scale, shift, made):  # pyright: ignore[reportMissingParameterType]
    for k in range(made.size):
        made[k] = np.float32(levels[k]) * scale[k] + shift[k]


@compiled(
    void(PICTURES, int64[::1], int64[::1], boolean[::1], float32[::1], float32[::1], float32[:, :, ::1])
)
def render_windows(sources, x0, y0, mirrored, gain, offset, out):  # pyright: ignore[reportMissingParameterType]
    """Cut regions of the input's own size at whole pixels, mirror and normalize them: no resampling.

    Args:
        sources: uint8 of b x h x (w * 3).
        x0: column where each region begins; beyond the picture it is reflected.
        y0: row where each region begins.
        mirrored: left becomes right.
        gain: of red, green and blue: what a level is multiplied by.
        offset: of the same: what is added then.
        out: float32 of b x height x (width * 3); all of it is written.
    """
    tall, wide = sources.shape[1], sources.shape[2] // 3
    height, width = out.shape[1], out.shape[2] // 3
    scale, shift = np.empty(3 * width, np.float32), np.empty(3 * width, np.float32)
    for k in range(3 * width):
        scale[k], shift[k] = gain[k % 3], offset[k % 3]
    places = np.empty(width, np.uint64)
    window = np.empty(3 * width, np.uint8)
    for i in range(len(out)):
        whole = not mirrored[i] and x0[i] >= 0 and x0[i] + width <= wide
        if not whole:
            for x in range(width):
                j = reflected(x0[i] + (width - 1 - x if mirrored[i] else x), wide)
                places[x] = np.uint64(j) * THREE
        for y in range(height):
            source = sources[i, reflected(y0[i] + y, tall)]
            if whole:
                _normalize(source[3 * x0[i] : 3 * (x0[i] + width)], scale, shift, out[i, y])
            else:
                _gather(source, places, window)
                _normalize(window, scale, shift, out[i, y])
