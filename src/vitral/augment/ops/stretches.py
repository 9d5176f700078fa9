"""`changed_levels`: each channel by a table that follows from how often its levels occur."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Int, UInt8
from numpy.typing import NDArray

Counts = Int[NDArray[np.int64], " n=256"]


def changed_levels(
    pixels: NDArray[np.uint8], table_of: Callable[[Counts], UInt8[NDArray[np.uint8], " n=256"]]
) -> NDArray[np.uint8]:
    """Look up new levels.

    Args:
        pixels: of a picture.
        table_of: from how often each level occurs in a channel to its new levels.
    """
    from vitral.augment.kernels.histograms import count_levels
    from vitral.augment.kernels.lookups import look_up

    source, counts = np.ascontiguousarray(pixels).reshape(-1), np.zeros((3, 256), np.int64)
    count_levels(source, counts)
    made = np.empty(pixels.shape, np.uint8)
    look_up(source, np.stack([table_of(one) for one in counts]), made.reshape(-1))
    return made


def equalized(counts: Counts) -> UInt8[NDArray[np.uint8], " n=256"]:
    """A table that makes all levels alike often, that of Pillow's `ImageOps.equalize`."""
    levels = np.flatnonzero(counts)
    step = int(counts.sum() - counts[levels[-1]]) // 255 if len(levels) > 1 else 0
    if not step:
        return np.arange(256, dtype=np.uint8)
    before = np.cumsum(counts) - counts
    return np.minimum((step // 2 + before) // step, 255).astype(np.uint8)


def stretched(counts: Counts, cutoff_percent: float) -> UInt8[NDArray[np.uint8], " n=256"]:
    """A table that makes levels reach from black to white, that of Pillow's `ImageOps.autocontrast`.

    Args:
        counts: how often each level occurs.
        cutoff_percent: pixels that may be cut off at each end, below 50.
    """
    cut = int(counts.sum() * cutoff_percent // 100)
    low = int(np.argmax(np.cumsum(counts) > cut))
    high = 255 - int(np.argmax(np.cumsum(counts[::-1]) > cut))
    if high <= low:
        return np.arange(256, dtype=np.uint8)
    scale = 255.0 / (high - low)
    return np.clip((np.arange(256) * scale - low * scale).astype(np.int64), 0, 255).astype(np.uint8)
