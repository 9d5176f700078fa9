"""`grain`, `grained`, `struck`, `numbers`: noise from a key; the same key gives the same noise."""

import numpy as np
from jaxtyping import Float, UInt32
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.stages import Filter
from vitral.augment.variables import Numbers

NORMAL, LAPLACE, EVEN = 0, 1, 2
"""Distributions of mean 0, as in `noise_bits`: deviation 1, deviation 1, and evenly from -1 to 1."""

_MOST = 2**32 - 1

Key = UInt32[NDArray[np.uint32], "halves=2"]


def grain(
    draw: Draw, p: float, kind: int, size: Numbers, *, grey: bool, op: str, of_level: bool = False
) -> Filter:
    """The stage of an op that adds grain to a share `p` of the pictures.

    Args:
        draw: of the op.
        p: how many pictures it changes.
        kind: `NORMAL`, `LAPLACE` or `EVEN`.
        size: how large the numbers of each picture are.
        grey: whether all channels of a pixel get the same number.
        op: its name.
        of_level: whether they are multiplied by the level that they are added to.
    """
    keys = draw.keys("noise")

    def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
        sizes = {"times" if of_level else "plus": float(size[i])}
        return grained(pixels, keys[i], kind, grey=grey, **sizes)

    return Filter(op=op, chosen=draw.chosen(p), apply=changed)


def grained(
    pixels: NDArray[np.uint8], key: Key, kind: int, *, plus: float = 0.0, times: float = 0.0, grey: bool
) -> NDArray[np.uint8]:
    """Add to each level a random number times (plus + times * level).

    Normal numbers are right to 8e-5 deviations, and none is beyond 6.4 of them.

    Args:
        pixels: of a picture.
        key: of the numbers.
        kind: `NORMAL`, `LAPLACE` or `EVEN`.
        plus: see above.
        times: see above.
        grey: whether all channels of a pixel get the same number.
    """
    from vitral.augment.kernels.noise_bits import add_noise

    source, made = np.ascontiguousarray(pixels), np.empty(pixels.shape, np.uint8)
    add_noise(source.reshape(-1), *key, kind, plus, times, grey, made.reshape(-1))
    return made


def struck(
    pixels: NDArray[np.uint8],
    key: Key,
    *,
    shares: tuple[float, float],
    levels: tuple[int, int],
    apart: bool,
) -> NDArray[np.uint8]:
    """Set some pixels, or single channels of them, to one of two levels.

    Args:
        pixels: of a picture.
        key: of the random numbers.
        shares: how many become each of the levels; 1 together at most.
        levels: what they become.
        apart: whether each channel is hit on its own.
    """
    from vitral.augment.kernels.noise_bits import strike

    below = min(round(shares[0] * 2**32), _MOST)
    above = min(max(_MOST - round(shares[1] * 2**32), below - 1, 0), _MOST)
    source, made = np.ascontiguousarray(pixels), np.empty(pixels.shape, np.uint8)
    strike(source.reshape(-1), *key, below, above, *levels, apart, made.reshape(-1))
    return made


def numbers(key: Key, kind: int, *shape: int) -> Float[NDArray[np.float32], "..."]:
    """Independent numbers of mean 0; see `grained`."""
    from vitral.augment.kernels.noise_bits import noise

    made = np.empty(shape, np.float32)
    noise(*key, kind, made.reshape(-1))
    return made
