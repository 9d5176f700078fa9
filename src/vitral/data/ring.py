"""`Ring`: memory for batches that is used again as soon as nobody looks at the last batch in it."""

import math
import weakref
from collections import deque

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray


class Ring:
    """Float memory that comes back by itself.

    Fresh memory costs the system a fault for each of its pages, page-locked memory much more; a
    batch of photographs has ten thousand pages. So what was given out is given out again, but only
    when the array and every tensor and view made of it are gone: whoever keeps a batch keeps it.

    Args:
        limit: pieces of memory kept for later at most.
        pinned: page-locked, for a faster way to the GPU.
    """

    def __init__(self, *, limit: int, pinned: bool = False) -> None:
        self._limit, self._pinned = limit, pinned
        self._free: deque[torch.Tensor] = deque(maxlen=limit)

    def __call__(self, shape: tuple[int, ...]) -> Float[NDArray[np.float32], "..."]:
        """An array of this shape; what is in it is undefined."""
        count = math.prod(shape)
        piece = self._piece(count)
        array = piece.numpy()[:count].reshape(shape)
        # Not at exit: then memory goes anyhow, and threads may still write into it.
        weakref.finalize(array, self._free.append, piece).atexit = False
        return array

    def _piece(self, count: int) -> torch.Tensor:
        # deque is safe between threads, and appending to it is safe even inside a finalizer.
        while self._free:
            try:
                piece = self._free.popleft()
            except IndexError:  # another thread was quicker
                break
            if count <= len(piece) <= 4 * count:
                return piece
        return torch.empty(count, dtype=torch.float32, pin_memory=self._pinned)
