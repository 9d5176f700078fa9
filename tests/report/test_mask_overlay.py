"""Masks over their pictures: tints, edges and names."""

import numpy as np
import pytest

from vitral.report.class_colors import class_colors
from vitral.report.mask_overlay import mask_overlay, with_legend
from vitral.report.overlay import class_color, overlay


def halves(height=40, width=60):
    mask = np.zeros((height, width), dtype=np.uint8)
    mask[:, width // 2 :] = 3
    return mask


def test_the_colors_are_those_of_overlays():
    colors = class_colors(background=False)
    assert [tuple(color) for color in colors[:255].tolist()] == [class_color(n) for n in range(255)]
    assert class_colors(background=True)[0].tolist() == [0, 0, 0]
    assert (class_colors(background=True)[1:] == colors[1:]).all()
    mask, pixels = halves(), np.full((40, 60, 3), 90, np.uint8)
    inner = np.s_[:, 40:]
    assert (mask_overlay(pixels, mask, background=True)[inner] == overlay(pixels, mask=mask)[inner]).all()


def test_the_first_colors_are_far_from_one_another_and_no_two_are_alike():
    colors = class_colors(background=False).astype(int)
    first = np.abs(colors[:12, None] - colors[None, :12]).sum(2)
    assert first[~np.eye(12, dtype=bool)].min() > 100
    assert len({tuple(color) for color in colors[:40].tolist()}) == 40


def test_every_class_is_tinted_and_a_background_is_left_clear():
    pixels, mask = np.full((40, 60, 3), 100, np.uint8), halves()
    drawn = mask_overlay(pixels, mask, tint=0.5)
    assert drawn[5, 5].tolist() == np.rint(50 + 0.5 * np.array(class_color(0))).tolist()
    assert drawn[5, 50].tolist() == np.rint(50 + 0.5 * np.array(class_color(3))).tolist()
    clear = mask_overlay(pixels, mask, background=True)
    assert (clear[:, :30] == 100).all()
    assert (pixels == 100).all()


@pytest.mark.parametrize("level", [10, 245])
def test_edges_stand_out_on_dark_and_on_bright_pictures(level):
    drawn = mask_overlay(np.full((40, 60, 3), level, np.uint8), halves()).astype(int)
    for at, inside in ((29, 20), (30, 40)):
        assert np.abs(drawn[:, at] - drawn[:, inside]).sum(1).min() > 60
    assert (drawn[:, 28] == drawn[:, 20]).all()


def test_edges_are_thicker_on_large_pictures():
    mask = halves(40, 2800)
    drawn = mask_overlay(np.full((40, 2800, 3), 200, np.uint8), mask)
    assert [int((drawn[20, c] != drawn[20, 10]).any()) for c in (1395, 1396, 1399)] == [0, 1, 1]


def test_what_does_not_count_is_hatched():
    mask = np.full((24, 24), 255, dtype=np.uint8)
    drawn = mask_overlay(np.full((24, 24, 3), 40, np.uint8), mask)
    assert set(np.unique(drawn)) == {40, 40 // 2 + 96}


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_tiny_pictures_are_drawn(size):
    mask = np.arange(size[0] * size[1], dtype=np.uint8).reshape(size)
    assert mask_overlay(np.zeros((*size, 3), np.uint8), mask).shape == (*size, 3)


def test_a_legend_stands_below_and_shows_each_color_and_name():
    pixels = np.full((100, 400, 3), 77, np.uint8)
    colors = class_colors(background=False)[:3]
    drawn = with_legend(pixels, ("sky", "road", "car"), colors)
    assert (drawn[:100] == pixels).all()
    strip = drawn[100:].reshape(-1, 3)
    for color in colors.tolist():
        assert (strip == color).all(axis=1).sum() == 12 * 12
    assert (strip.sum(axis=1) < 150).any()  # Letters.
    more = with_legend(pixels, [f"class number {n}" for n in range(30)], class_colors(background=False)[:30])
    assert more.shape[0] > drawn.shape[0]
    assert more.shape[1] == 400


def test_a_narrow_picture_is_enlarged_for_its_legend():
    pixels = np.arange(8 * 20 * 3, dtype=np.uint32).reshape(8, 20, 3).astype(np.uint8)
    drawn = with_legend(pixels, ("żółw",), np.array([[1, 2, 3]], np.uint8))
    assert drawn.shape[1] == 260
    assert (drawn[: 8 * 13 : 13, ::13] == pixels).all()
    assert (with_legend(pixels, (), np.zeros((0, 3), np.uint8)) == pixels).all()
