"""Ctrl-C and SIGTERM: the step in progress ends, the checkpoint is written, then the run stops."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Remembers that a signal asked the run to stop."""

    def __init__(self) -> None:
        self.signal: int | None = None

    @property
    def asked(self) -> bool:
        """Whether the run should stop after the present step."""
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """128 + signal number, as shells expect: 130 after Ctrl-C, 143 after SIGTERM."""
        return 0 if self.signal is None else 128 + self.signal


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Catch Ctrl-C and SIGTERM once; a second one of the same kind ends the program at once.

    Outside the main thread, where Python delivers no signals, the `Stop` is never asked.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def remember(number: int, frame: FrameType | None) -> None:
        stop.signal = number
        signal.signal(number, before[signal.Signals(number)])

    try:
        for number in before:
            signal.signal(number, remember)
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
