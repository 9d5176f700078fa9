"""Ops that cover or cut off a part of the picture."""

import numpy as np
import pytest

from vitral.augment import CenterCrop, GridMask, RandomErasing

WHITE = np.full((400, 60, 80, 3), 255, np.uint8)


def test_an_erased_rectangle_has_the_area_and_the_shape_that_were_asked_for(changed) -> None:
    made = changed(WHITE, RandomErasing(area=0.1, ratio=2.0, p=1.0))
    covered = (made < 254.5).any(axis=3)
    tall, wide = covered.any(axis=2).sum(axis=1), covered.any(axis=1).sum(axis=1)
    assert (covered.sum(axis=(1, 2)) == tall * wide).all()
    assert np.abs(tall - np.sqrt(480 * 2)).max() <= 1
    assert np.abs(wide - np.sqrt(480 / 2)).max() <= 1


def test_erased_areas_are_spread_and_each_has_one_color(changed) -> None:
    made = changed(WHITE, RandomErasing(area=(0.02, 0.4), p=1.0))
    covered = (made < 254.5).any(axis=3)
    share = covered.mean(axis=(1, 2))
    # A long rectangle is cut to the picture, so a few are smaller.
    assert 0.005 < share.min() < 0.04
    assert 0.36 < share.max() < 0.41
    assert share.mean() == pytest.approx(0.21, abs=0.03)
    assert covered.any(axis=0)[4:-4, 4:-4].all()
    for picture, where in zip(made[:20], covered, strict=False):
        assert np.ptp(picture[where], axis=0).max() < 1e-3


def test_random_erasing_chooses_pictures_as_often_as_it_is_told(changed) -> None:
    made = changed(WHITE, RandomErasing(p=0.25))
    assert (made < 254.5).any(axis=(1, 2, 3)).mean() == pytest.approx(0.25, abs=0.08)


@pytest.mark.parametrize("cells", [2.0, 4.0, 5.0])
def test_a_grid_covers_the_same_part_of_every_cell(changed, cells) -> None:
    made = changed(WHITE, GridMask(cells=cells, share=0.5, p=1.0))
    covered = made[..., 0] < 1
    # Whole cells fit, so any start of the grid covers a quarter of the picture, up to rounding.
    assert covered.mean() == pytest.approx(0.25, abs=0.02)
    rows, columns = covered.any(axis=2), covered.any(axis=1)
    assert (covered == rows[:, :, None] & columns[:, None]).all()
    begins = (rows[:, 1:] & ~rows[:, :-1]).sum(axis=1)
    assert set(begins.tolist()) <= {int(cells) - 1, int(cells)}
    assert (rows.mean(axis=0) > 0.3).all()


def test_a_center_crop_is_the_middle(changed, noise) -> None:
    pixels = noise(1, 24, 16)
    made = changed(pixels, CenterCrop(share=0.5), size=(12, 8))
    assert np.abs(made - pixels[:, 6:18, 4:12]).max() < 1e-3
