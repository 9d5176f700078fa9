"""Round numbers for an axis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitral.report.scale import tick_text, ticks

NUMBERS = st.floats(-1e9, 1e9).map(lambda x: round(x, 6))


@given(NUMBERS, NUMBERS)
def test_ticks_cover_the_values_and_ascend(one, other):
    low, high = sorted((one, other))
    found = ticks(low, high)
    slack = 1e-6 * (found[-1] - found[0])
    assert found[0] <= low + slack
    assert found[-1] >= high - slack
    assert found == sorted(set(found))
    assert 2 <= len(found) <= 12


@pytest.mark.parametrize(
    ("low", "high", "want"),
    [
        (0, 1, ["0.0", "0.5", "1.0"]),
        (0, 0.004, ["0.000", "0.002", "0.004"]),
        (0, 9000, ["0", "5,000", "10,000"]),
    ],
)
def test_ticks_are_written_with_the_digits_they_need(low, high, want):
    found = ticks(low, high, count=3)
    assert [tick_text(value, found[1] - found[0]) for value in found] == want
