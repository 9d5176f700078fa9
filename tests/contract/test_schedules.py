"""What every schedule must hold."""

import dataclasses
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitral import optim as rooms
from vitral.core import members
from vitral.optim import Schedule

ALL = pytest.mark.parametrize(
    "schedule", [kind() for kind in members("schedule").values()], ids=lambda one: one.kind
)


@ALL
@given(progress=st.floats(0, 1))
def test_factor_is_finite_and_lies_between_zero_and_one(schedule: Schedule, progress: float) -> None:
    factor = schedule(progress)
    assert math.isfinite(factor)
    assert 0 <= factor <= 1 + 1e-12


@ALL
@given(warmup=st.floats(0.01, 0.1), low=st.floats(0, 0.9))
def test_warmup_starts_low_and_only_rises(schedule: Schedule, warmup: float, low: float) -> None:
    schedule = dataclasses.replace(schedule, warmup=warmup, start=low)
    rise = [schedule(warmup * n / 20) for n in range(21)]
    assert rise[0] == pytest.approx(low)
    assert rise == sorted(rise)
    assert rise[-1] == pytest.approx(1)


@ALL
def test_factor_never_rises_after_the_warmup(schedule: Schedule) -> None:
    fall = [schedule(schedule.warmup + (1 - schedule.warmup) * n / 50) for n in range(51)]
    assert all(after <= before + 1e-12 for before, after in itertools.pairwise(fall))


@ALL
def test_a_schedule_with_an_end_ends_there(schedule: Schedule) -> None:
    if "end" not in type(schedule).options():
        pytest.skip("this schedule has no option for its end")
    for end in (0.0, 0.2, 1.0):
        assert dataclasses.replace(schedule, end=end)(1.0) == pytest.approx(end)


@ALL
def test_a_run_that_is_only_warmup_works(schedule: Schedule) -> None:
    shares = {name: 0.0 for name in type(schedule).options() if name == "cooldown"}
    schedule = dataclasses.replace(schedule, warmup=1.0, **shares)
    assert schedule(0.5) < 1
    assert math.isfinite(schedule(1.0))


@ALL
def test_progress_beyond_the_run_holds_the_ends(schedule: Schedule) -> None:
    assert schedule(-0.1) == schedule(0.0)
    assert schedule(1.0000001) == schedule(1.0)


@ALL
def test_schedule_reads_back_what_it_wrote_and_names_its_source(schedule: Schedule) -> None:
    assert Schedule.from_json(schedule.to_json()) == schedule
    assert getattr(rooms, type(schedule).__name__) is type(schedule)
    assert "Source:" in (type(schedule).__doc__ or "")
    assert len(schedule.summary()) <= 80
