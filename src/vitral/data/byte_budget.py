"""`ByteBudget`: how much memory pictures may take at once while they are being decoded."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from vitral.data.free_memory import free_memory_bytes

_SMALL_BYTES = 2**20
_MOST_BYTES = 2**30
_SHARE = 8


class ByteBudget:
    """Lets many small pictures through at once, and huge ones one after another.

    However many threads meet however many bombs, what is being decoded stays within the limit;
    only a picture that is alone may exceed it, so that no one waits forever.

    Args:
        limit_bytes: of all that is being decoded; None: an eighth of the memory that is free at
            the first use, and at most 1 GiB.
    """

    def __init__(self, limit_bytes: int | None = None) -> None:
        self._limit = limit_bytes
        self._held = 0
        self._freed = threading.Condition()

    @contextmanager
    def taken(self, size_bytes: int) -> Iterator[None]:
        """Hold some bytes while the block runs; waits until they fit."""
        if size_bytes < _SMALL_BYTES:  # A thousand of these are no danger, and most pictures are small.
            yield
            return
        with self._freed:
            while self._held and self._held + size_bytes > self._limit_bytes():
                self._freed.wait()
            self._held += size_bytes
        try:
            yield
        finally:
            with self._freed:
                self._held -= size_bytes
                self._freed.notify_all()

    def _limit_bytes(self) -> int:
        if self._limit is None:
            self._limit = min(_MOST_BYTES, free_memory_bytes() // _SHARE)
        return self._limit


DECODING = ByteBudget()
"""The budget of this process."""
