"""Random numbers as a pure function of (seed, epoch, index, stream).

There is no generator and no state: whoever asks for the number of picture 17 in epoch 3 gets
the same number, whatever was asked before, in which order, or on which thread.
"""

import hashlib
import operator
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@lru_cache(maxsize=4096)
def stream_number(name: str) -> int:
    """Turn the name of a use of randomness ("flip", "order") into a 64-bit number."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def random_bits(seed: int, epoch: int, index: ArrayLike, stream: str) -> NDArray[np.uint64]:
    """Hash (seed, epoch, index, stream) to 64 uniformly distributed bits.

    Args:
        seed: any integer; the run's seed.
        epoch: which pass over the pictures.
        index: picture numbers, any shape; the result has the same shape.
        stream: the use of the number; different uses are independent.
    Source:
        Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators", the
        finalizer of SplitMix64, applied once per key.
    """
    keys = np.asarray(index, dtype=np.int64).astype(np.uint64)
    # At least one axis: of single numbers numpy warns when they wrap, and here they are meant to.
    mixed = _mix(np.atleast_1d(keys) ^ np.uint64(_state(operator.index(seed), operator.index(epoch), stream)))
    return mixed.reshape(keys.shape)


@lru_cache(maxsize=4096)
def _state(seed: int, epoch: int, stream: str) -> int:
    """What all indices of one use in one epoch have in common."""
    state = stream_number(stream)
    # Keys wrap modulo 2**64, so negative seeds are as good as positive ones.
    for key in (seed, epoch):
        state = int(_mix(np.array([state ^ (key & 0xFFFF_FFFF_FFFF_FFFF)], dtype=np.uint64))[0])
    return state


def uniform(
    seed: int, epoch: int, index: ArrayLike, stream: str, *, low: float = 0.0, high: float = 1.0
) -> NDArray[np.float64]:
    """Draw one number in [low, high) per index; see `random_bits` for the keys."""
    unit = (random_bits(seed, epoch, index, stream) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return low + (high - low) * unit


def permutation(count: int, seed: int, epoch: int, stream: str = "order") -> NDArray[np.int64]:
    """Order the numbers 0 .. count-1 at random; the same keys give the same order."""
    keys = random_bits(seed, epoch, np.arange(count), stream)
    return np.argsort(keys, kind="stable").astype(np.int64)


def derived_seed(seed: int, stream: str) -> int:
    """A seed in [0, 2**63) for a library that wants one, such as `torch.manual_seed`."""
    return int(random_bits(seed, 0, 0, stream) >> np.uint64(1))


def _mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    value = value + _GOLDEN
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))
