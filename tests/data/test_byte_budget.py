"""ByteBudget: what is decoded at once stays within a limit, and nobody waits forever."""

import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.data import byte_budget
from vitral.data.byte_budget import ByteBudget

MIB = 2**20
PATIENCE_S = 20.0


class Watched:
    """A budget beside a count of what is held, kept by the test itself."""

    def __init__(self, limit_bytes: int) -> None:
        self.budget = ByteBudget(limit_bytes)
        self.held = self.most_held = self.most_at_once = self.at_once = 0
        self._lock = threading.Lock()

    def hold(self, size_bytes: int, seconds: float = 0.0005) -> None:
        with self.budget.taken(size_bytes):
            with self._lock:
                self.held, self.at_once = self.held + size_bytes, self.at_once + 1
                self.most_held = max(self.most_held, self.held)
                self.most_at_once = max(self.most_at_once, self.at_once)
            time.sleep(seconds)
            with self._lock:
                self.held, self.at_once = self.held - size_bytes, self.at_once - 1


def in_threads(*works: Callable[[], object]) -> None:
    """Run all at once; fails when one of them still waits after some seconds."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    end = time.monotonic() + PATIENCE_S
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads), "somebody waits forever"


@settings(max_examples=15)
@given(st.lists(st.lists(st.integers(1, 10), min_size=1, max_size=6), min_size=1, max_size=16))
def test_many_threads_never_hold_more_than_the_limit(threads: list[list[int]]) -> None:
    watched = Watched(10 * MIB)
    in_threads(*(lambda mine=mine: [watched.hold(size * MIB) for size in mine] for mine in threads))
    assert watched.most_held <= 10 * MIB
    assert watched.held == 0


def test_what_fits_together_is_held_together() -> None:
    watched = Watched(10 * MIB)
    in_threads(*(lambda: watched.hold(2 * MIB, seconds=0.1) for _ in range(5)))
    assert watched.most_at_once == 5


def test_a_picture_beyond_the_limit_passes_when_it_is_alone() -> None:
    watched = Watched(4 * MIB)
    watched.hold(100 * MIB)
    in_threads(*(lambda size=size: watched.hold(size * MIB) for size in (100, 1, 3, 200, 1, 4, 100) * 3))
    assert watched.most_held == 200 * MIB


def test_while_a_huge_picture_is_held_another_waits() -> None:
    budget, order = ByteBudget(4 * MIB), list[str]()
    entered = threading.Event()

    def huge() -> None:
        with budget.taken(100 * MIB):
            entered.set()
            time.sleep(0.1)
            order.append("huge")

    def other() -> None:
        entered.wait(PATIENCE_S)
        with budget.taken(2 * MIB):
            order.append("other")

    in_threads(huge, other)
    assert order == ["huge", "other"]


def test_small_pictures_pass_while_the_budget_is_full() -> None:
    budget = ByteBudget(4 * MIB)
    with budget.taken(4 * MIB):
        in_threads(lambda: budget.taken(MIB - 1).__enter__())
    assert budget._held == 0


def test_an_error_gives_back_what_was_held() -> None:
    budget = ByteBudget(4 * MIB)
    for _ in range(3):
        with pytest.raises(OSError, match="broken picture"), budget.taken(4 * MIB):
            raise OSError("broken picture")
    in_threads(lambda: budget.taken(4 * MIB).__enter__())


def test_the_limit_is_a_share_of_the_free_memory_and_at_most_a_gibibyte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for free, limit in ((80 * MIB, 10 * MIB), (2**40, 2**30)):
        monkeypatch.setattr(byte_budget, "free_memory_bytes", lambda free=free: free)
        assert ByteBudget()._limit_bytes() == limit


def test_a_machine_without_free_memory_still_decodes_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(byte_budget, "free_memory_bytes", lambda: 0)
    watched = Watched(0)
    in_threads(*(lambda: watched.hold(2 * MIB) for _ in range(8)))
    assert watched.most_at_once == 1
