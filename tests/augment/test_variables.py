"""Random variables as values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitral.augment import Choice, Constant, Discrete, Normal, Rotate, Truncated, Uniform, Variable
from vitral.augment.variables import variable
from vitral.core import OptionError, members, uniform

KINDS = dict(members("variable"))
EXAMPLES = [
    Constant(value=3.0),
    Uniform(low=-2.0, high=5.0),
    Normal(mean=1.0, deviation=2.0),
    Choice(values=(1.0, 2.0, 7.0), weights=(1.0, 0.0, 3.0)),
    Discrete(low=-1, high=4),
    Truncated(of=Normal(), low=-0.5, high=0.5),
    Uniform(low=1.0, high=2.0) * 3.0 + Constant(value=1.0),
    2.0 - Uniform() * Uniform(low=-1.0, high=1.0),
]


def drawn(one: Variable, count: int = 4000, seed: int = 0) -> np.ndarray:
    return one.sample(lambda name: uniform(seed, 0, np.arange(count), name))


def test_every_kind_has_an_example() -> None:
    seen = {str(one.kind) for one in EXAMPLES}
    assert seen | {"sum", "product"} == set(KINDS)


@pytest.mark.parametrize("one", EXAMPLES, ids=lambda one: str(one.kind))
def test_numbers_stay_within_the_bounds_and_are_always_the_same(one: Variable) -> None:
    numbers = drawn(one)
    low, high = one.bounds
    assert numbers.shape == (4000,)
    assert np.isfinite(numbers).all()
    assert low <= numbers.min() <= numbers.max() <= high
    assert np.array_equal(numbers, drawn(one))
    assert np.array_equal(numbers[:10], drawn(one, 10))


@pytest.mark.parametrize("one", EXAMPLES, ids=lambda one: str(one.kind))
def test_a_variable_survives_json(one: Variable) -> None:
    assert Variable.from_json(one.to_json()) == one


def test_distributions_are_what_they_are_called() -> None:
    assert abs(drawn(Normal(mean=1.0, deviation=2.0)).std() - 2.0) < 0.1
    assert abs((drawn(Choice(values=(0.0, 1.0), weights=(1.0, 3.0))) == 1).mean() - 0.75) < 0.03
    assert set(drawn(Discrete(low=-1, high=1))) == {-1.0, 0.0, 1.0}
    assert abs(drawn(Uniform(low=2.0, high=4.0)).mean() - 3.0) < 0.05


def test_variables_in_a_sum_are_independent() -> None:
    numbers = drawn(Uniform() - Uniform())
    assert numbers.std() > 0.3


@given(a=st.floats(-5, 5), b=st.floats(-5, 5))
def test_arithmetic_with_constants_is_arithmetic(a: float, b: float) -> None:
    one = variable(a)
    assert np.allclose(drawn(one + b, 3), a + b)
    assert np.allclose(drawn(b * one, 3), a * b)
    assert np.allclose(drawn(b - one, 3), b - a)
    assert np.allclose(drawn(-one, 3), -a)


def test_a_pair_is_a_range() -> None:
    assert variable((1.0, 2.0)) == Uniform(low=1.0, high=2.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uniform(low=2.0, high=1.0), r"Uniform\.low: must not lie above high, got 2 and 1"),
        (lambda: Discrete(low=2, high=1), r"Discrete\.low: must not lie above high"),
        (lambda: Truncated(of=Normal(), low=2.0, high=1.0), r"Truncated\.low: must not lie above high"),
        (lambda: Choice(values=()), r"Choice\.values: must hold at least one"),
        (
            lambda: Choice(values=(1.0,), weights=(0.0,)),
            r"Choice\.weights: must hold 1 numbers, not all zero",
        ),
        (lambda: Normal(deviation=-1.0), r"Normal\.deviation: must be at least 0"),
        (
            lambda: Rotate(deg=Normal(deviation=90.0)),
            r"Rotate\.deg: must lie in \[-360, 360\].*Truncated keeps",
        ),
        (lambda: Rotate(deg=(20.0, -20.0)), r"Rotate\.deg: must be \(low, high\) with low <= high"),
    ],
)
def test_wrong_values_are_named(make, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        make()


def test_a_normal_variable_has_no_bounds_unless_it_is_constant() -> None:
    assert Normal().bounds == (-math.inf, math.inf)
