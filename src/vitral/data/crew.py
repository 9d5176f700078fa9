"""`Crew`: threads that make numbered things ahead of time and hand them out in order."""

import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

Thing = TypeVar("Thing")

_PATIENCE_S = 10.0


@dataclass(frozen=True)
class _Failure:
    error: BaseException


class Crew(Generic[Thing]):
    """An iterator over `make(number)`, made by a few threads, at most `ahead` in advance.

    There are no locks: numbers go out by one queue and things come back by another, and only
    the caller's thread decides what is made next. The threads know the queues but not the crew,
    so the threads of a crew that was dropped end; they also end when the interpreter does.
    An error of `make` is raised at its place in the order, and ends the crew.

    Args:
        make: from a number to a thing; must be safe to call from several threads at once.
        numbers: what to make, in the order of handing out.
        workers: threads.
        ahead: things at most being made or waiting to be handed out.
        name: how the threads are called.
    """

    def __init__(
        self, make: Callable[[int], Thing], numbers: Sequence[int], *, workers: int, ahead: int, name: str
    ) -> None:
        self._numbers = numbers
        self._asked = 0
        self._handed_out = 0
        self._early: dict[int, Thing | _Failure] = {}
        self._done: SimpleQueue[tuple[int, Thing | _Failure]] = SimpleQueue()
        # SimpleQueue, because it is the one queue that a finalizer may use: it never deadlocks.
        self._orders: SimpleQueue[tuple[int, int] | None] = SimpleQueue()
        over = threading.Event()
        work = (make, self._orders, self._done, over)
        threads = [
            threading.Thread(target=_work, args=work, name=f"{name}-{number}", daemon=True)
            for number in range(workers)
        ]
        # Before the first start, so that an interrupt between two starts leaves nothing behind.
        self._finalizer = weakref.finalize(self, _dismiss, threads, self._orders, over)
        for thread in threads:
            thread.start()
        for _ in range(ahead):
            self._order_one_more()

    def __iter__(self) -> Iterator[Thing]:
        return self

    def __next__(self) -> Thing:
        if self._handed_out >= len(self._numbers) or not self._finalizer.alive:
            self.close()
            raise StopIteration
        try:
            return self._next_in_order()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the threads and wait for them; things in the making are finished and dropped."""
        self._finalizer()
        self._early.clear()

    def _next_in_order(self) -> Thing:
        while self._handed_out not in self._early:
            turn, made = self._done.get()
            self._early[turn] = made
        thing = self._early.pop(self._handed_out)
        if isinstance(thing, _Failure):
            try:
                raise thing.error
            finally:
                del thing  # The error's own frames would hold it, and so everything here, for ever.
        self._handed_out += 1
        self._order_one_more()
        return thing

    def _order_one_more(self) -> None:
        if self._asked < len(self._numbers):
            self._orders.put((self._asked, self._numbers[self._asked]))
            self._asked += 1


def _work(
    make: Callable[[int], Thing],
    orders: "SimpleQueue[tuple[int, int] | None]",
    done: "SimpleQueue[tuple[int, Thing | _Failure]]",
    over: threading.Event,
) -> None:
    # Whatever was taken is done: another thread may be waiting for it.
    while not over.is_set() and (order := orders.get()) is not None:
        turn, number = order
        # No local name for the thing: an idle thread must not keep the last batch alive.
        try:
            done.put((turn, make(number)))
        except BaseException as error:
            done.put((turn, _Failure(error)))


def _dismiss(
    threads: list[threading.Thread], orders: "SimpleQueue[tuple[int, int] | None]", over: threading.Event
) -> None:
    """End the threads. Runs as a finalizer too, then on any thread, perhaps one of these."""
    over.set()
    for _ in threads:
        orders.put(None)
    if threading.get_ident() in [thread.ident for thread in threads]:
        return
    # A bound, so that a thread stuck on a dead network disk cannot hold up the program's end.
    deadline = time.monotonic() + _PATIENCE_S
    for thread in threads:
        if thread.is_alive():
            thread.join(max(0.0, deadline - time.monotonic()))
