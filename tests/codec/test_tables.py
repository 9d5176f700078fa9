"""Tables come from a model file, which may be damaged or made by an enemy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitral.codec import Tables
from vitral.core import FileFormatError


def test_tables_come_back_from_their_arrays(tables_of):
    tables = tables_of(1)
    arrays = tables.to_arrays()
    assert Tables.from_arrays(arrays).same(tables)
    assert not Tables.from_arrays(arrays | {"lows": arrays["lows"] - 1}).same(tables)
    assert all(array.dtype == np.int64 for array in arrays.values())


WRONG = {
    "stride": [0, 257],
    "tile": [0, 1025],
    "groups": [(), (6, 0), (7, -1), (4097,)],
    "mean_bias": [np.zeros((0, 6), int), np.zeros((17, 6), int), np.zeros(6, int), np.full((16, 6), 2**31)],
    "mean_taps": [np.zeros((6, 5), int), np.zeros((6, 6)), np.full((6, 6), 2**31 - 1)],
    "scale_bias": [np.zeros((15, 6), int), np.full((16, 6), -(2**31) - 1)],
    "scale_cross": [np.zeros((6, 5), int), np.full((6, 6), 2**31 - 1), np.full((6, 6), 2**64 - 1, np.uint64)],
    "edges": [np.arange(7), np.arange(8)[::-1], np.zeros(8, int), np.arange(8) + 2**53, np.arange(8.0)],
    "lows": [np.zeros(8, int), np.full(9, 2**21), np.zeros((9, 1), int)],
    "counts": [
        (np.ones(3, int),) * 8,
        (np.ones(1, int),) * 9,
        (np.array([0, 5]),) * 9,
        (np.array([2**20, 1]),) * 9,
        (np.full(2, 2**63 - 1),) * 9,
        (np.full(2, 2**64 - 1, np.uint64),) * 9,
        (np.ones(2),) * 9,
        (np.ones(2**16 + 1, int),) * 9,
    ],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]])
def test_tables_that_do_not_fit_together_are_refused(tables_of, name, value):
    with pytest.raises(
        FileFormatError, match=r"coder tables: .*; the model file is damaged or was made by hand"
    ):
        replace(tables_of(1), **{name: value})


def test_a_tile_of_more_latents_than_memory_is_refused(tables_of):
    with pytest.raises(FileFormatError, match="a tile has too many latents"):
        replace(tables_of(1, groups=(32,)), tile=1024)


@pytest.mark.parametrize("name", ["stride", "groups", "lengths", "counts", "scale_taps"])
def test_missing_arrays_are_named(tables_of, name):
    arrays = tables_of(1).to_arrays()
    del arrays[name]
    with pytest.raises(FileFormatError, match=f"coder tables: {name} missing"):
        Tables.from_arrays(arrays)


@pytest.mark.parametrize(
    "change",
    [
        {"lengths": np.array([-1, 3])},
        {"lengths": np.array([], int), "counts": np.array([], int)},
        {"lengths": np.array([2.0])},
        {"counts": np.array(["a"])},
        {"counts": np.array([], int)},
        {"stride": np.array([4])},
        {"groups": np.array(6)},
        {"tile": np.array(1.5)},
    ],
)
def test_arrays_of_the_wrong_kind_are_refused(tables_of, change):
    with pytest.raises(FileFormatError, match="coder tables: "):
        Tables.from_arrays(tables_of(1).to_arrays() | change)


@given(
    height=st.integers(1, 300), width=st.integers(1, 300), tile=st.integers(1, 9), stride=st.integers(1, 20)
)
def test_tiles_cover_every_place_once(tables_of, height, width, tile, stride):
    tables = replace(tables_of(1), tile=tile, stride=stride)
    rows, columns = tables.grid(height, width)
    assert (rows - 1) * stride < height <= rows * stride
    assert (columns - 1) * stride < width <= columns * stride
    seen = np.zeros((rows, columns), int)
    for places in tables.tiles(height, width):
        seen[places] += 1
        assert all(0 < place.stop - place.start <= tile for place in places)
    assert (seen == 1).all()
