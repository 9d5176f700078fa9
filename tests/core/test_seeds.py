"""Random numbers as a pure function of their keys: fixed for all time, and fair."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitral.core import derived_seed, permutation, random_bits, stream_number, uniform

ALL_BITS = 2**64 - 1
whole = st.integers(-(2**63), 2**63 - 1)


def reference(seed: int, epoch: int, index: int, stream: str) -> int:
    """The hash once more, in Python's unbounded integers."""
    state = int.from_bytes(hashlib.blake2b(stream.encode(), digest_size=8).digest(), "little")
    for key in (seed, epoch, index):
        value = ((state ^ (key & ALL_BITS)) + 0x9E3779B97F4A7C15) & ALL_BITS
        value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & ALL_BITS
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & ALL_BITS
        state = value ^ (value >> 31)
    return state


@pytest.mark.parametrize(
    ("keys", "bits"),
    [
        ((0, 0, 0, "order"), 0x3BD36FE7E7A6107E),
        ((1, 2, 3, "flip"), 0xCC307BBFE47A23E3),
        ((-1, 7, 123456789, "shift.x"), 0xCE6A0D15C050D662),
    ],
)
def test_the_hash_never_changes(keys: tuple[int, int, int, str], bits: int) -> None:
    assert int(random_bits(*keys)) == bits


def test_the_order_of_a_small_set_never_changes() -> None:
    assert permutation(10, seed=0, epoch=0).tolist() == [5, 7, 8, 0, 2, 9, 6, 3, 4, 1]
    assert permutation(10, seed=0, epoch=1).tolist() == [0, 2, 8, 5, 9, 4, 7, 3, 1, 6]


def test_the_seeds_for_libraries_never_change() -> None:
    assert derived_seed(0, "model") == 2839307686915321108


@given(seed=st.integers(), epoch=st.integers(0, 10**9), index=whole, stream=st.text(max_size=8))
def test_the_arrays_agree_with_the_reference(seed: int, epoch: int, index: int, stream: str) -> None:
    assert int(random_bits(seed, epoch, index, stream)) == reference(seed, epoch, index, stream)


@given(st.lists(whole, min_size=1, max_size=30))
def test_a_number_does_not_depend_on_what_else_is_asked(indices: list[int]) -> None:
    together = random_bits(3, 5, indices, "flip")
    assert together.tolist() == [int(random_bits(3, 5, i, "flip")) for i in indices]


def test_the_result_has_the_shape_of_the_indices() -> None:
    assert uniform(0, 0, np.arange(6).reshape(2, 3), "flip").shape == (2, 3)
    assert uniform(0, 0, 4, "flip").shape == ()


def test_whole_numbers_of_any_kind_are_the_same_key() -> None:
    assert random_bits(5, 2, 1, "a") == random_bits(np.int64(5), np.int32(2), np.uint8(1), "a")  # type: ignore[arg-type]


def test_a_seed_that_is_no_whole_number_is_refused() -> None:
    with pytest.raises(TypeError, match="integer"):
        random_bits(1.5, 0, 0, "a")  # type: ignore[arg-type]


def test_uniform_numbers_fill_the_unit_interval_evenly() -> None:
    numbers = uniform(11, 4, np.arange(200_000), "flip")
    assert numbers.min() >= 0
    assert numbers.max() < 1
    counts, _ = np.histogram(numbers, bins=100, range=(0, 1))
    chi_squared = float(((counts - 2000) ** 2 / 2000).sum())
    # 99 degrees of freedom: between the 0.01 % and the 99.99 % point.
    assert 55 < chi_squared < 159


def test_every_bit_is_set_half_of_the_time() -> None:
    bits = random_bits(0, 0, np.arange(100_000), "flip")
    share = np.array([((bits >> np.uint64(k)) & np.uint64(1)).mean() for k in range(64)])
    assert np.abs(share - 0.5).max() < 0.5 / np.sqrt(100_000) * 5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((0, 0, 0, "flip"), (0, 0, 1, "flip")),
        ((0, 0, 0, "flip"), (0, 1, 0, "flip")),
        ((0, 0, 0, "flip"), (1, 0, 0, "flip")),
        ((0, 1, 0, "flip"), (1, 0, 0, "flip")),
        ((0, 0, 0, "flip"), (0, 0, 0, "shift")),
    ],
)
def test_neighboring_keys_give_unrelated_numbers(one: tuple, other: tuple) -> None:
    def draw(keys: tuple) -> np.ndarray:
        seed, epoch, first, stream = keys
        return uniform(seed, epoch, np.arange(first, first + 50_000), stream)

    correlation = np.corrcoef(draw(one), draw(other))[0, 1]
    assert abs(correlation) < 5 / np.sqrt(50_000)


def test_changing_one_bit_of_a_key_changes_half_of_the_result() -> None:
    before = random_bits(0, 0, np.arange(2000), "flip")
    for bit in (0, 7, 31, 62):
        after = random_bits(0, 0, np.arange(2000) ^ (1 << bit), "flip")
        changed = np.mean([int(x).bit_count() for x in before ^ after])
        assert 31 < changed < 33


def test_the_limits_of_the_interval_can_be_chosen() -> None:
    numbers = uniform(0, 0, np.arange(1000), "angle", low=-10, high=30)
    assert numbers.min() >= -10
    assert numbers.max() < 30
    assert abs(numbers.mean() - 10) < 2


@given(st.integers(0, 500), st.integers(), st.integers(0, 100))
def test_a_permutation_holds_every_number_once(count: int, seed: int, epoch: int) -> None:
    assert sorted(permutation(count, seed, epoch)) == list(range(count))


def test_every_picture_comes_first_equally_often() -> None:
    firsts = [int(permutation(8, seed, 0)[0]) for seed in range(4000)]
    counts = np.bincount(firsts, minlength=8)
    assert np.abs(counts - 500).max() < 5 * np.sqrt(500)


def test_epochs_and_seeds_give_different_orders() -> None:
    orders = {tuple(permutation(20, seed, epoch)) for seed in range(10) for epoch in range(10)}
    assert len(orders) == 100


def test_a_derived_seed_fits_every_library() -> None:
    seeds = [derived_seed(seed, "model") for seed in range(-100, 100)]
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert len(set(seeds)) == 200


def test_stream_names_give_different_numbers() -> None:
    names = ("", "flip", "Flip", "flip ", "shift", "order", "größe")
    assert len({stream_number(name) for name in names}) == len(names)
