"""Epochs, progress and the time budget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitral.train import Budget, Plan


def flat(progress):
    return 1.0


def test_progress_runs_from_zero_to_one():
    plan = Plan(epochs=4)
    assert [plan.progress(e) for e in range(5)] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert plan.progress(1, 0.5) == 0.375


@given(epochs=st.integers(2, 300), at=st.integers(1, 299), new=st.integers(1, 300))
def test_a_changed_plan_goes_on_where_it_is_and_ends_at_one(epochs, at, new):
    at = min(at, epochs - 1)
    new = max(new, at + 1)
    plan = Plan(epochs=epochs)
    changed = plan.changed(new, at_epoch=at)
    assert changed.progress(at) == pytest.approx(plan.progress(at))
    assert changed.progress(new) == 1.0
    values = [changed.progress(e) for e in range(at, new + 1)]
    assert values == sorted(values)


def test_a_plan_survives_json():
    plan = Plan(epochs=40).changed(17, at_epoch=5)
    assert Plan(**plan.to_json()) == plan


def test_without_a_limit_the_plan_stays():
    plan = Plan(epochs=10)
    budget = Budget(seconds=None, fill=False, most_epochs=10).observed(seconds=1e6, work=1)
    assert budget.fitted(plan, next_epoch=1, elapsed_s=1e6, work=flat) is plan


@given(epoch_s=st.floats(0.5, 60), limit=st.floats(60, 900), epochs=st.integers(2, 200))
def test_a_steady_training_ends_within_its_limit_and_uses_it(epoch_s, limit, epochs):
    plan, elapsed, done = Plan(epochs=epochs), 0.0, 0
    budget = Budget(seconds=limit, fill=False, most_epochs=epochs)
    while done < plan.epochs:
        elapsed += epoch_s
        done += 1
        budget = budget.observed(seconds=epoch_s, work=1)
        plan = budget.fitted(plan, next_epoch=done, elapsed_s=elapsed, work=flat)
    assert elapsed <= max(limit, 2 * epoch_s)
    if epochs * epoch_s <= limit * 0.95:
        assert done == epochs
    else:
        assert elapsed >= 0.85 * limit - 2 * epoch_s


def test_minutes_alone_are_filled():
    plan = Plan(epochs=10)
    budget = Budget(seconds=100, fill=True, most_epochs=1000).observed(seconds=1, work=1)
    longer = budget.fitted(plan, next_epoch=1, elapsed_s=1, work=flat)
    assert 85 <= longer.epochs <= 97


def test_a_machine_that_becomes_slow_shortens_the_plan():
    plan, budget = Plan(epochs=50), Budget(seconds=60, fill=False, most_epochs=50)
    for _ in range(5):
        budget = budget.observed(seconds=1, work=1)
    assert budget.fitted(plan, next_epoch=5, elapsed_s=5, work=flat).epochs == 50
    for _ in range(5):
        budget = budget.observed(seconds=4, work=1)
    assert budget.fitted(plan, next_epoch=10, elapsed_s=25, work=flat).epochs < 20
