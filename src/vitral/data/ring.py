"""`Ring`: memory for batches that is used again as soon as nobody looks at the last batch in it."""

import math
import weakref
from collections import deque
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray

_SMALL_BYTES = 65536


class Ring:
    """Memory that comes back by itself.

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
        """A float32 array of this shape; what is in it is undefined."""
        return self.take(shape, np.float32)

    def take(self, shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[Any]:
        """An array of this shape and type; what is in it is undefined."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        piece = self._piece(size)
        # All views of views hold this one array, and nothing in between.
        root = piece.numpy()
        # Not at exit: then memory goes anyhow, and threads may still write into it.
        weakref.finalize(root, self._free.append, piece).atexit = False
        return root[:size].view(dtype).reshape(shape)

    def _piece(self, size: int) -> torch.Tensor:
        # A deque is safe between threads, and appending to it is safe even inside a finalizer.
        for _ in range(len(self._free)):
            try:
                piece = self._free.popleft()
            except IndexError:  # another thread was quicker
                break
            if size <= len(piece) <= 2 * size + _SMALL_BYTES:
                return piece
            self._free.append(piece)
        return torch.empty(size, dtype=torch.uint8, pin_memory=self._pinned)
