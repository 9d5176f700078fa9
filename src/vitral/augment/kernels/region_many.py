"""`render_regions`: resample upright regions of many pictures, compiled: one call for a part of a batch.

It is imported when the first such pictures are rendered, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import boolean, float32, float64, int64, void

from vitral.augment.kernels.compiled import PICTURES, compiled
from vitral.augment.kernels.regions import render_region
from vitral.augment.kernels.sums import add_means, touched


@compiled(
    void(
        PICTURES, float64[:, ::1], boolean[::1], boolean[::1], boolean[::1], boolean, int64[::1],
        float32[:, :, ::1], float64[:, :, :, ::1], float32[:, :, :, ::1], float32[::1], float32[::1],
        float32[:, :, ::1],
    )
)  # fmt: skip
def render_regions(sources, boxes, mirrored, flipped, alone, with_means, kinds, numbers, of_means, tables, gain, offset, out):  # pyright: ignore[reportMissingParameterType]  # fmt: skip  # noqa: E501
    """Resample boxes of pictures of one size, mirror, tone and normalize them.

    Args:
        sources: uint8 of b x h x (w * 3).
        boxes: of each, x0 y0 x1 y1 in pixels of the picture.
        mirrored: of each; see `render_region`.
        flipped: of each.
        alone: the pictures whose only tone is a factor and a summand for each channel.
        with_means: whether any color matrix adds a part of the channels' means.
        kinds: the program of tones; see `tones.tone`.
        numbers: of each picture and tone.
        of_means: of each picture and tone: how much of the channels' means each channel gets.
        tables: of each picture and tone.
        gain: of red, green and blue: what a level is multiplied by at last.
        offset: of the same: what is added then.
        out: float32 of b x height x (width * 3); all of it is written.
    """
    tall, wide = sources.shape[1], sources.shape[2] // 3
    box, mine = np.empty(4, np.int64), np.empty((kinds.size, 12), np.float32)
    plain = np.zeros((3, 2), np.float32)
    for i in range(len(sources)):
        source = sources[i]
        mine[:] = numbers[i]
        if with_means:
            touched(boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3], tall, wide, box)
            add_means(source, box, of_means[i], mine)
        for c in range(3):
            plain[c, 0], plain[c, 1] = np.float32(1), np.float32(0)
            if alone[i]:
                plain[c, 0], plain[c, 1] = mine[0, 5 * c], mine[0, 4 * c + 3]
        count = 0 if alone[i] else kinds.size
        table = tables[i] if len(tables) else np.empty((0, 3, 257), np.float32)
        render_region(
            source, boxes[i], mirrored[i], flipped[i], plain, kinds[:count], mine[:count],
            table[: min(count, len(table))], gain, offset, out[i],
        )  # fmt: skip
