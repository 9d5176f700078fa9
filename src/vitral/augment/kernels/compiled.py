"""What the compiled passes share: how they are compiled, their types, and reflection at a border.

Importing it imports Numba; so it and the passes are imported when the first picture is rendered.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import int64, njit, types, uint8
from numba.core import config as _numba

ONE, TWO, THREE = np.uint64(1), np.uint64(2), np.uint64(3)
# Pictures in memory may be locked against writing.
LINE = types.Array(uint8, 1, "C", readonly=True)
PICTURE = types.Array(uint8, 2, "C", readonly=True)
PICTURES = types.Array(uint8, 3, "C", readonly=True)
# A sum and a product may become one instruction; nothing else may be reordered.
_HOW = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
_config: Any = _numba


_QUICK_S, _LONG_S = 0.1, 1.0
_waited = {"s": 0.0}


def _say(seconds: float) -> None:
    """Say once what takes so long, when it does; what an earlier process compiled is read in no time."""
    before = _waited["s"]
    _waited["s"] += seconds if seconds > _QUICK_S else 0.0
    if before < _LONG_S <= _waited["s"]:
        print("compiling the loops for this processor, once; up to 20 seconds", file=sys.stderr, flush=True)


def compiled(signature: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function for one signature, without the interpreter lock; kept for later processes."""

    def compile_now(function: Callable[..., Any]) -> Callable[..., Any]:
        """The compiled function, from the cache when it was compiled before."""
        before, begun = _config.SLP_VECTORIZE, time.perf_counter()
        # Numba leaves out the pass that puts four neighboring numbers into one register.
        _config.SLP_VECTORIZE = 1
        try:
            return njit(signature, cache=True, **_HOW)(function)
        except RuntimeError:  # no folder in which compiled code may be kept
            return njit(signature, **_HOW)(function)
        finally:
            _config.SLP_VECTORIZE = before
            _say(time.perf_counter() - begun)

    return compile_now


@compiled(int64(int64, int64))
def reflected(at, size):  # pyright: ignore[reportMissingParameterType]
    """A place on an axis, brought inside by reflecting at the first and the last pixel."""
    if size == 1:
        return 0
    while at < 0 or at >= size:
        at = -at if at < 0 else 2 * (size - 1) - at
    return at
