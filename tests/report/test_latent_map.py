"""The map of latents: every thumbnail is there, none over another, framed by its class."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.core import ShapeError
from vitral.report import latent_map
from vitral.report.latent_map import _places
from vitral.report.overlay import class_color


@settings(max_examples=40)
@given(seed=st.integers(0, 999), count=st.integers(1, 60), alike=st.booleans())
def test_no_two_thumbnails_share_a_place(seed, count, alike):
    points = np.zeros((count, 2)) if alike else np.random.default_rng(seed).normal(size=(count, 2))
    places = _places(points)
    assert len({tuple(place) for place in places.tolist()}) == count
    assert places.min() == 0


def test_points_that_fit_lie_as_they_lay():
    places = _places(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    assert (places[[0, 2]][:, 1] == 0).all()
    assert (places[[0, 1]][:, 0] == 0).all()
    assert places[3].tolist() == places.max(0).tolist()


def test_a_thumbnail_is_framed_in_the_color_of_its_class():
    pictures = [np.full((8, 8, 3), 10, np.uint8), np.full((4, 20, 3), 90, np.uint8)]
    sheet = latent_map(np.array([[0.0, 0.0], [1.0, 0.0]]), pictures, np.array([1, -100]))
    colors = {tuple(color) for color in sheet.reshape(-1, 3).tolist()}
    assert {class_color(2), (150, 150, 150), (10, 10, 10), (90, 90, 90)} <= colors
    assert sheet.dtype == np.uint8


def test_a_map_of_nothing_or_of_parts_that_differ_is_refused():
    picture = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ShapeError, match=r"latent_map: needs as many points .* got \(0, 2\), 0 and 0"):
        latent_map(np.zeros((0, 2)), [], np.zeros(0, np.int64))
    with pytest.raises(ShapeError, match=r"got \(2, 2\), 1 and 2"):
        latent_map(np.zeros((2, 2)), [picture], np.zeros(2, np.int64))
