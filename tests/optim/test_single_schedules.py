"""What single schedules give."""

import pytest

from vitral.core import OptionError
from vitral.optim import Constant, Cosine, OneCycle, Step, Trapezoid


def test_warmup_is_a_straight_line() -> None:
    schedule = Constant(warmup=0.2, start=0.1)
    assert [schedule(p) for p in (0.0, 0.1, 0.2, 1.0)] == pytest.approx([0.1, 0.55, 1.0, 1.0])


def test_cosine_is_half_way_in_the_middle() -> None:
    assert [Cosine(end=0.2)(p) for p in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.6, 0.2])


def test_step_falls_at_its_moments() -> None:
    schedule = Step(moments=(0.5, 0.75), drop=0.1)
    assert [schedule(p) for p in (0.49, 0.5, 0.75, 1.0)] == pytest.approx([1, 0.1, 0.01, 0.01])


def test_trapezoid_rises_stays_and_falls() -> None:
    schedule = Trapezoid(warmup=0.2, start=0.0, cooldown=0.4)
    assert [schedule(p) for p in (0.1, 0.2, 0.6, 0.8, 1.0)] == pytest.approx([0.5, 1, 1, 0.5, 0])


def test_trapezoid_without_a_flat_top_is_a_triangle() -> None:
    schedule = Trapezoid(warmup=0.1, cooldown=0.9)
    assert [schedule(p) for p in (0.1, 0.55, 1.0)] == pytest.approx([1, 0.5, 0])


def test_trapezoid_longer_than_the_run_is_refused() -> None:
    with pytest.raises(OptionError, match=r"warmup \+ cooldown must be at most 1, got 0.2 \+ 0.9"):
        Trapezoid(warmup=0.2, cooldown=0.9)


def test_one_cycle_has_the_numbers_of_fastai() -> None:
    schedule = OneCycle()
    assert [schedule(p) for p in (0.0, 0.125, 0.25, 0.625, 1.0)] == pytest.approx(
        [0.04, 0.52, 1.0, 0.500005, 0.00001]
    )
