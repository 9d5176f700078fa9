"""What the kernels share: how they are compiled and kept, their types, and reflection at a border.

Importing it imports Numba; so it and the kernels are imported when the first picture is rendered.
"""

import contextlib
import hashlib
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
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


def _folder() -> str:
    """Where compiled code is kept: a folder for just these sources.

    Numba looks at the file of a function alone, and would go on with what it has when the file of another
    function changes that is called from there. "" where nothing can be kept beside the sources, and Numba
    finds a place.
    """
    here, digest = Path(__file__).parent, hashlib.sha256()
    for file in sorted(here.glob("*.py")):
        digest.update(file.read_bytes())
    asked = Path(_config.CACHE_DIR) if _config.CACHE_DIR else here / "__pycache__"
    folder = asked / f"kernels-{digest.hexdigest()[:16]}"
    try:
        fresh = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _config.CACHE_DIR
    if fresh and not _config.CACHE_DIR:
        for old in asked.glob("kernels-*"):
            if old != folder:
                with contextlib.suppress(OSError):
                    shutil.rmtree(old)
    return str(folder)


_KEPT = _folder()


def compiled(signature: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function for one signature, without the interpreter lock; kept for later processes."""

    def compile_now(function: Callable[..., Any]) -> Callable[..., Any]:
        """The compiled function, from the cache when it was compiled before."""
        before, begun = (_config.SLP_VECTORIZE, _config.CACHE_DIR), time.perf_counter()
        # Numba leaves out the pass that puts four neighboring numbers into one register.
        _config.SLP_VECTORIZE, _config.CACHE_DIR = 1, _KEPT
        try:
            return njit(signature, cache=True, **_HOW)(function)
        except RuntimeError:  # no folder in which compiled code may be kept
            return njit(signature, **_HOW)(function)
        finally:
            _config.SLP_VECTORIZE, _config.CACHE_DIR = before
            _say(time.perf_counter() - begun)

    return compile_now


@compiled(int64(int64, int64))
def reflected(at, size):  # pyright: ignore[reportMissingParameterType]
    """A place on an axis, brought inside by reflecting at the first and the last pixel."""
    if 0 <= at < size:
        return at
    if size == 1:
        return 0
    period = 2 * (size - 1)
    at = at % period
    return at if at < size else period - at
