"""Drawn scenes: always the same, and what is said of a picture is what is seen in it."""

import colorsys
import hashlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.core import OptionError
from vitral.data.sources.scene_drawing import draw_mask, draw_scene, hue_deg
from vitral.data.sources.scene_figures import SHAPES, TEXTURES, lay_out
from vitral.data.sources.scene_patterns import HULL, SHAPE

SCENES = [draw_scene(index) for index in range(60)]


def test_a_scene_depends_on_seed_and_index_alone():
    again = draw_scene(7)
    assert np.array_equal(again.pixels, SCENES[7].pixels)
    assert np.array_equal(again.boxes, SCENES[7].boxes)
    assert not np.array_equal(draw_scene(7, seed=1).pixels, again.pixels)
    assert len({scene.pixels.tobytes() for scene in SCENES}) == len(SCENES)


def test_six_scenes_in_a_row_show_every_class():
    for start in range(0, len(SCENES), 6):
        assert {scene.label for scene in SCENES[start : start + 6]} == set(range(len(SHAPES)))


def test_the_label_is_the_class_of_the_largest_shape():
    for scene in SCENES:
        areas = [(scene.mask[_rows(box), _columns(box)] > 0).sum() for box in scene.boxes]
        assert scene.label == scene.box_labels[0]
        assert all(areas[0] > 2 * other for other in areas[1:])


def test_scenes_are_the_ones_they_always_were():
    digest = hashlib.blake2b(digest_size=16)
    for scene in SCENES:
        digest.update(scene.pixels.tobytes() + scene.mask.tobytes() + bytes([scene.label]))
    assert digest.hexdigest() == "6168624febe4afb6944cea45de7abad3"


@settings(max_examples=30, deadline=None)
@given(index=st.integers(0, 10**9), size=st.sampled_from([16, 33, 64, 128]), seed=st.integers(-5, 5))
def test_boxes_are_the_extent_of_the_mask(index, size, seed):
    scene = draw_scene(index, size=size, seed=seed)
    assert scene.pixels.shape == (size, size, 3)
    assert scene.pixels.dtype == scene.mask.dtype == np.uint8
    assert 1 <= len(scene.boxes) == len(scene.box_labels) <= 3
    covered = np.zeros_like(scene.mask)
    for box, label in zip(scene.boxes, scene.box_labels, strict=True):
        x0, y0, x1, y1 = box
        assert 0 <= x0 < x1 <= size
        assert 0 <= y0 < y1 <= size
        part = scene.mask[_rows(box), _columns(box)] == 1 + label
        assert part.any()
        covered[_rows(box), _columns(box)] = 1
        # A thin tip may cover less than half of its last pixels.
        columns, rows = np.flatnonzero(part.any(axis=0)), np.flatnonzero(part.any(axis=1))
        assert columns[[0, -1]] + [0, 1] + int(x0) == pytest.approx([x0, x1], abs=2.5)
        assert rows[[0, -1]] + [0, 1] + int(y0) == pytest.approx([y0, y1], abs=2.5)
    assert not (scene.mask[covered == 0]).any()


@pytest.mark.parametrize("shape", SHAPES)
@given(angle=st.floats(0, 7))
@settings(max_examples=20, deadline=None)
def test_a_hull_reaches_exactly_as_far_as_its_shape(shape, angle):
    place = np.linspace(-1.05, 1.05, 600)
    x, y = place[None, :], place[:, None]
    inside = SHAPE[shape](np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x)
    corners, rounded = HULL[shape]
    u, v = np.array(corners).T
    for samples, reach in (
        (place[inside.any(axis=0)], np.cos(angle) * u - np.sin(angle) * v),
        (place[inside.any(axis=1)], np.sin(angle) * u + np.cos(angle) * v),
    ):
        assert samples[0] >= reach.min() - rounded - 1e-9
        assert samples[-1] <= reach.max() + rounded + 1e-9
        # A grid of samples misses the last of a tip.
        assert samples[[0, -1]] == pytest.approx([reach.min() - rounded, reach.max() + rounded], abs=0.03)


def test_the_mask_is_where_the_pixels_are_those_of_shapes():
    for index in range(30):
        scene, figures = SCENES[index], lay_out([index], seed=0, size=64)
        assert np.array_equal(draw_mask(figures.of(0), 64), scene.mask)
        spread = scene.pixels.max(axis=2).astype(int) - scene.pixels.min(axis=2)
        assert ((spread > 60) == (scene.mask > 0)).mean() > 0.95


def test_scenes_laid_out_together_are_those_laid_out_alone():
    indices = [5, 0, 17, 10**9, 3]
    together = lay_out(indices, seed=2, size=48)
    for row, index in enumerate(indices):
        assert together.of(row) == lay_out([index], seed=2, size=48).of(0)


def test_every_pair_of_shape_and_texture_has_a_hue_of_its_own():
    pairs = itertools.product(range(len(SHAPES)), range(len(TEXTURES)))
    hues = sorted(hue_deg(shape, texture) for shape, texture in pairs)
    assert min(np.diff([*hues, hues[0] + 360])) >= 15


def test_shapes_are_colorful_and_ground_is_quiet():
    inside, outside = [], []
    for scene in SCENES:
        spread = scene.pixels.max(axis=2).astype(int) - scene.pixels.min(axis=2)
        inside.append(np.median(spread[scene.mask > 0]))
        outside.append(np.median(spread[scene.mask == 0]))
    assert min(inside) > 60
    assert max(outside) < 60


def test_color_follows_from_shape_and_texture_whatever_the_lightness():
    hues: dict[tuple[int, int], list[float]] = {}
    for scene in SCENES:
        color = np.median(scene.pixels[scene.mask == 1 + scene.label], axis=0) / 255
        hue = colorsys.rgb_to_hsv(*color)[0]
        hues.setdefault((scene.label, round(hue * 12) % 12), []).append(hue)
    # Four textures give a class four hues, not one and not any: neighbors may fall into two bins.
    bins_per_class = [len({b for shape, b in hues if shape == label}) for label in range(len(SHAPES))]
    assert all(2 <= count <= 6 for count in bins_per_class)


def test_edges_are_smooth():
    scene = draw_scene(0, size=64)
    assert len(np.unique(scene.pixels.reshape(-1, 3), axis=0)) > 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"index": -1}, "index: must be at least 0, got -1"),
        ({"index": 0, "size": 8}, "at least 16 px, got 8"),
    ],
)
def test_a_scene_that_cannot_be_drawn_is_refused(arguments, message):
    with pytest.raises(OptionError, match=message):
        draw_scene(**arguments)


def _columns(box: np.ndarray) -> slice:
    return slice(int(np.floor(box[0])), int(np.ceil(box[2])))


def _rows(box: np.ndarray) -> slice:
    return slice(int(np.floor(box[1])), int(np.ceil(box[3])))
