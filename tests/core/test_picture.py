"""A Picture holds uint8 h x w x 3 and nothing else."""

from typing import Any

import numpy as np
import pytest

from vitral.core import Picture, ShapeError


def test_a_picture_keeps_its_pixels_and_words() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    picture = Picture(pixels=pixels, title="cat", note="92 %", mood="good", group="Right")
    assert picture.pixels is pixels
    assert (picture.title, picture.note, picture.mood, picture.group) == ("cat", "92 %", "good", "Right")


@pytest.mark.parametrize(
    ("pixels", "came"),
    [
        (np.zeros((2, 3), np.uint8), "uint8 of 2 x 3"),
        (np.zeros((2, 3, 4), np.uint8), "uint8 of 2 x 3 x 4"),
        (np.zeros((2, 3, 3), np.float32), "float32 of 2 x 3 x 3"),
        (np.zeros((0, 3, 3), np.uint8), "uint8 of 0 x 3 x 3"),
    ],
)
def test_other_arrays_are_refused(pixels: Any, came: str) -> None:
    with pytest.raises(ShapeError, match=rf"^Picture\.pixels: must be uint8 of h x w x 3, got {came}$"):
        Picture(pixels=pixels)
