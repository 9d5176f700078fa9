"""Opacities come back without loss, and take little where they are plain."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from vitral.codec.opacity import pack_opacity, unpack_opacity
from vitral.core import FileFormatError


@given(plane=arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_any_plane_comes_back_equal(plane):
    assert np.array_equal(unpack_opacity(pack_opacity(plane), *plane.shape), plane)


def shapes():
    rows, columns = np.mgrid[:512, :512]
    radius = np.hypot(rows - 256, columns - 256)
    return {
        "hard disk": np.where(radius < 170, 255, 0),
        "soft disk": np.clip(255 - 2.5 * (radius - 128), 0, 255),
        "gradient": columns // 2,
        "slanted gradient": (rows + columns) // 4,
        "opaque": np.full((512, 512), 255),
    }


@pytest.mark.parametrize("name", shapes())
def test_no_shape_takes_more_than_without_a_filter(name):
    plane = shapes()[name].astype(np.uint8)
    data = pack_opacity(plane)
    assert np.array_equal(unpack_opacity(data, 512, 512), plane)
    assert len(data) <= len(zlib.compress(plane.tobytes(), 9))


def test_filters_pay_where_borders_are_soft():
    plane = shapes()["soft disk"].astype(np.uint8)
    assert len(pack_opacity(plane)) < 0.5 * len(zlib.compress(plane.tobytes(), 9))


@pytest.mark.parametrize("size", [(3000, 400), (1, 2**20 + 5), (2**20 + 5, 1)])
def test_the_filter_of_a_large_plane_is_chosen_by_its_middle(size):
    plane = np.add.outer(np.arange(size[0]), np.arange(size[1])).astype(np.uint8)
    data = pack_opacity(plane)
    assert np.array_equal(unpack_opacity(data, *size), plane)
    assert len(data) < plane.size / 100


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "its filter is unknown"),
        (b"\x03" + pack_opacity(np.zeros((4, 5), np.uint8))[1:], "its filter is unknown"),
        (b"\x00\xff\xff\xff", "its deflate stream is broken"),
        (pack_opacity(np.zeros((4, 4), np.uint8)), "it does not hold 20 pixels"),
        (pack_opacity(np.zeros((4, 6), np.uint8)), "it does not hold 20 pixels"),
        (pack_opacity(np.zeros((4, 5), np.uint8)) + b"\0", "it does not hold 20 pixels"),
        (pack_opacity(np.zeros((4, 5), np.uint8))[:-1], "it does not hold 20 pixels"),
        # Thirty kilobytes that would unpack to as many megabytes.
        (pack_opacity(np.zeros((5000, 6000), np.uint8)), "it does not hold 20 pixels"),
    ],
)
def test_bytes_of_no_such_plane_are_refused(data, words):
    with pytest.raises(FileFormatError, match=words):
        unpack_opacity(data, 4, 5)


@given(data=st.binary(max_size=60))
def test_any_bytes_give_a_plane_or_one_clear_error(data):
    words = ""
    plane = np.zeros((4, 5), np.uint8)
    try:
        plane = unpack_opacity(data, 4, 5)
    except FileFormatError as error:
        words = str(error)
    assert plane.shape == (4, 5)
    assert words == "" or words.startswith("its ") or "does not hold" in words
