"""PPM and PGM, decoded without Pillow's loop over the values: the same pixels as with it."""

import io
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from vitral.core import ImageError
from vitral.data.decode import decode


def pixels_of_pillow(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as picture:
        if picture.mode == "I":
            return np.repeat(np.rint(np.asarray(picture) / 257).astype(np.uint8)[:, :, None], 3, axis=2)
        return np.asarray(picture.convert("RGB"))


@settings(max_examples=200)
@given(data=st.data(), kind=st.sampled_from([b"P2", b"P3", b"P5", b"P6"]), most=st.integers(1, 65535))
def test_values_of_any_range_are_rounded_as_pillow_does(data: st.DataObject, kind: bytes, most: int) -> None:
    height, width = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    count = height * width * (3 if kind in (b"P3", b"P6") else 1)
    values = data.draw(st.lists(st.integers(0, most), min_size=count, max_size=count))
    if kind in (b"P2", b"P3"):
        space = data.draw(st.sampled_from([b" ", b"\n", b"\t\r\n", b" # a remark\n"]))
        body = space.join(b"%d" % value for value in values)
    else:
        body = np.array(values, ">u2" if most > 255 else "u1").tobytes()
    file = b"%b\n%d %d\n%d\n%b" % (kind, width, height, most, body)
    assert np.array_equal(decode(file, name="x"), pixels_of_pillow(file))


@pytest.mark.parametrize("space", [b"", b" ", b"\n"])
def test_bits_as_text_may_stand_close_together(space: bytes) -> None:
    file = b"P1 3 2 # bits\n" + space.join((b"0", b"1", b"1", b"1", b"0", b"0"))
    assert np.array_equal(decode(file, name="x"), pixels_of_pillow(file))
    assert decode(file, name="x")[:, :, 0].tolist() == [[255, 0, 0], [0, 255, 255]]


def test_a_value_above_the_largest_of_a_binary_file_is_white() -> None:
    assert decode(b"P6 1 1 100\n\x64\xc8\x32", name="x").tolist() == [[[255, 255, 128]]]


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"P6 2 2 100\n" + bytes(11), "is cut short: values are missing at its end"),
        (b"P6 2 2 1000\n" + bytes(23), "is cut short: values are missing at its end"),
        (b"P3 2 2 255\n1 2 3", "is cut short: values are missing at its end"),
        (b"P3 1 1 255\n" + b" " * 20, "is cut short: values are missing at its end"),
        (b"P2 3 1 255\n100 200", "is cut short: values are missing at its end"),
        (b"P1 3 2\n1 0 1", "is cut short: values are missing at its end"),
        (b"P1 3 1\n1 0 2", "is damaged: something other than numbers"),
        (b"P2 2 1 255\n12 1x", "is damaged: something other than numbers"),
        (b"P2 2 1 255\n12 -1", "is damaged: something other than numbers"),
        (b"P2 2 1 255\n12 99999999999", "is damaged: something other than numbers"),
        (b"P2 2 1 200\n12 201", "is damaged: its largest value is said to be 200, but 201 comes"),
    ],
)
def test_a_broken_file_is_an_error(file: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=f"^x: {reason}"):
        decode(file, name="x")


def test_remarks_without_end_and_wide_values_are_quick() -> None:
    begun = time.perf_counter()
    with pytest.raises(ImageError, match="is cut short"):
        decode(b"P3 900 900 255\n" + b"#\n" * 500_000, name="x")
    assert decode(b"P6 1000 1000 65535\n" + bytes(6_000_000), name="x").shape == (1000, 1000, 3)
    assert decode(b"P2 700 700 255\n" + b"7 " * 490_000, name="x").shape == (700, 700, 3)
    assert time.perf_counter() - begun < 1
