"""`Draw`: the random numbers of one op for a batch."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt32
from numpy.typing import NDArray

from vitral.augment.variables import Numbers, Param, variable
from vitral.core import Batch, random_bits, uniform


@dataclass(frozen=True, eq=False)
class Draw:
    """Where an op gets its random numbers from.

    What comes for a picture is a pure function of (seed, epoch, `batch.draws`, place of the op in its
    chain, name); worker count, order and composition of the batch do not change it.

    Args:
        batch: the batch.
        path: the place of the op in its chain: its kind, and a number from its second time on.
    """

    batch: Batch
    path: str

    def uniform(self, name: str, low: float = 0.0, high: float = 1.0) -> Numbers:
        """One number in [low, high) per picture; another `name` gives independent numbers."""
        batch = self.batch
        return uniform(batch.seed, batch.epoch, batch.draws, f"{self.path}.{name}", low=low, high=high)

    def chosen(self, p: float) -> Bool[NDArray[np.bool_], " b"]:
        """Which pictures an op changes that changes a share `p` of them."""
        return np.asarray(self.uniform("chosen") < p)

    def value(self, what: Param, name: str) -> Numbers:
        """One number per picture of what an op was given: a constant, a range, or a variable."""
        return variable(what).sample(lambda part: self.uniform(f"{name}.{part}" if part else name))

    def factor(self, what: Param, name: str) -> Numbers:
        """One factor per picture; of a pair, drawn on the logarithm, so that half and twice come alike."""
        if isinstance(what, tuple):
            return np.exp(self.uniform(name, math.log(what[0]), math.log(what[1])))
        return self.value(what, name)

    def generators(self, name: str) -> Callable[[int], np.random.Generator]:
        """A generator for each picture, for as many numbers as it has pixels; always from its start."""
        batch = self.batch
        keys = random_bits(batch.seed, batch.epoch, batch.draws, f"{self.path}.{name}")
        return lambda i: np.random.Generator(np.random.Philox(key=int(keys[i])))

    def keys(self, name: str) -> UInt32[NDArray[np.uint32], "b halves=2"]:
        """A key for each picture, for numbers that are a function of it and of a place; see `grain`."""
        batch = self.batch
        bits = random_bits(batch.seed, batch.epoch, batch.draws, f"{self.path}.{name}")
        return np.stack([bits & np.uint64(0xFFFFFFFF), bits >> np.uint64(32)], axis=1).astype(np.uint32)

    def below(self, part: str) -> "Draw":
        """The random numbers of a part of the op."""
        return Draw(self.batch, f"{self.path}.{part}" if self.path else part)
