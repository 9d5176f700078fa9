"""Weather: how much of it there is, where it is, and that strength zero leaves a picture alone."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from vitral.augment import (
    CloudCover,
    Fog,
    Frost,
    Haze,
    Rain,
    Shadow,
    Snow,
    Snowfall,
    SnowyLandscape,
    Spatter,
    SunFlare,
)
from vitral.augment.ops.clouds import clouds

SIDE = 96


def flat(level: int, count: int = 6) -> np.ndarray:
    return np.full((count, SIDE, SIDE, 3), level, np.uint8)


@pytest.mark.parametrize(
    "op",
    [
        Fog(density=0.0, p=1.0),
        Rain(amount=0.0, p=1.0),
        Snow(amount=0.0, p=1.0),
        Spatter(share=0.0, p=1.0),
        Spatter(share=0.0, of="mud", p=1.0),
        SunFlare(strength=0.0, p=1.0),
        Shadow(strength=0.0, p=1.0),
        CloudCover(density=0.0, p=1.0),
        CloudCover(cover=0.0, p=1.0),
        Frost(cover=0.0, p=1.0),
        Frost(keep=1.0, ice=0.0, p=1.0),
        Haze(light=0.0, p=1.0),
        Snowfall(mean=-1.0, pale=0.0, p=1.0),
        SnowyLandscape(factor=1.0, p=1.0),
        SnowyLandscape(threshold=0.0, p=1.0),
    ],
)
def test_none_of_it_changes_nothing(changed, noise, op) -> None:
    pixels = noise(3, SIDE, SIDE)
    assert np.abs(changed(pixels, op) - pixels).max() < 1e-3


def test_clouds_are_smooth_and_reach_from_0_to_1() -> None:
    made = clouds(np.random.default_rng(0), 80, 120)
    assert (made.shape, made.min(), made.max()) == ((80, 120), 0.0, 1.0)
    assert np.corrcoef(made[1:].ravel(), made[:-1].ravel())[0, 1] > 0.9
    assert np.abs(np.diff(made, axis=1)).max() < 0.3
    assert 0.25 < made.mean() < 0.75
    assert clouds(np.random.default_rng(0), 1, 1).tolist() == [[0.0]]


def test_fog_blends_with_its_level(changed) -> None:
    made = changed(flat(50), Fog(density=0.6, level=220.0, p=1.0))
    weight = (made - 50) / 170
    assert weight.min() == pytest.approx(0.24, abs=0.01)
    assert weight.max() == pytest.approx(0.6, abs=0.01)
    assert np.ptp(made, axis=3).max() < 1e-3
    # Contrast falls by the same weight: black and white stay apart by what is left.
    black, white = (changed(flat(level), Fog(density=0.6, level=220.0, p=1.0)) for level in (0, 255))
    assert np.abs((white - black) / 255 - (1 - weight)).max() < 0.02


@pytest.mark.parametrize(("op", "more"), [(Rain, 2.0), (Snow, 2.0)])
def test_more_of_it_hides_more(changed, op, more) -> None:
    little, much = (
        (changed(flat(40), op(amount=amount, p=1.0)) > 100).mean() for amount in (0.3, 0.3 * more)
    )
    assert 0 < little < much < 0.6


def test_rain_leans_as_told(changed) -> None:
    for deg in (-30.0, 0.0, 30.0):
        made = changed(flat(40), Rain(amount=0.2, deg=deg, length=0.2, p=1.0))[..., 0]
        gy, gx = np.gradient(ndimage.gaussian_filter(made, (0, 1.5, 1.5)), axis=(1, 2))
        # The direction in which levels change least.
        angle = 0.5 * np.arctan2(2 * (gx * gy).sum(), (gx**2 - gy**2).sum())
        assert np.rad2deg(angle) == pytest.approx(deg, abs=4)


def test_snow_falls_on_all_parts_and_is_white(changed) -> None:
    made = changed(flat(60, 40), Snow(amount=1.0, p=1.0))
    often = (made[..., 0] > 120).mean(axis=0)
    parts = often.reshape(4, SIDE // 4, 4, SIDE // 4).mean(axis=(1, 3))
    assert parts.min() > 0.5 * parts.max()
    assert made.max() > 200
    assert np.ptp(made, axis=3).max() < 1e-3


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_mud_covers_the_share_it_is_told_in_its_color(changed, share) -> None:
    made = changed(flat(200), Spatter(share=share, of="mud", p=1.0))
    hit = (np.abs(made - 200) > 0.5).any(axis=3)
    assert hit.mean() == pytest.approx(share, abs=0.02)
    deepest = made.reshape(-1, 3)[made.sum(axis=3).argmin()]
    assert deepest[0] > deepest[1] > deepest[2]
    assert deepest.max() < 100


def test_water_leaves_the_rest_as_it_is_and_has_a_light_and_a_dark_side(changed, noise) -> None:
    pixels = noise(4, SIDE, SIDE)
    made = changed(pixels, Spatter(share=0.2, p=1.0))
    assert (np.abs(made - pixels).max(axis=3) > 0.5).mean() == pytest.approx(0.2, abs=0.02)
    plain = changed(flat(120), Spatter(share=0.2, p=1.0))
    assert (plain.min() < 110, plain.max() > 150) == (True, True)


def test_the_sun_only_brightens_and_most_in_the_upper_half(changed, noise) -> None:
    pixels = noise(20, SIDE, SIDE)
    assert (changed(pixels, SunFlare(p=1.0)) - pixels).min() > -1e-3
    made = changed(flat(60, 20), SunFlare(strength=1.0, reflections=0, p=1.0))
    assert made.max(axis=(1, 2, 3)).min() > 240
    brightest = made[..., 0].reshape(20, -1).argmax(axis=1) // SIDE
    assert brightest.max() <= SIDE // 2
    assert len(set(brightest.tolist())) > 10


def test_a_shadow_darkens_a_band_by_its_strength(changed) -> None:
    made = changed(flat(200, 40), Shadow(strength=0.4, width=0.5, soft=0.0, p=1.0))
    inside = np.abs(made - 120).max(axis=3) < 1
    outside = np.abs(made - 200).max(axis=3) < 1
    assert (inside | outside).mean() > 0.97
    assert inside.any(axis=(1, 2)).all()
    # The whole band is half of the picture, less what lies beyond its sides.
    assert 0.25 < inside.mean() < 0.5
    assert inside.mean(axis=(1, 2)).max() < 0.53


def test_frost_is_bluish_white_and_grows_from_the_sides(changed) -> None:
    made = changed(flat(0, 30), Frost(keep=0.6, ice=0.7, cover=0.5, p=1.0))
    assert (made[..., 2] - made[..., 0]).min() > -1
    assert made[..., 2].mean() > 1.1 * made[..., 0].mean()
    often = made.mean(axis=(0, 3))
    rim = np.concatenate([often[:8].ravel(), often[-8:].ravel(), often[:, :8].ravel(), often[:, -8:].ravel()])
    assert rim.mean() > 40
    assert often[40:56, 40:56].mean() < 0.1 * rim.mean()
    full = changed(flat(0, 30), Frost(keep=0.6, ice=0.7, cover=1.0, p=1.0))
    assert full[:, 40:56, 40:56].mean() > 40


def test_ice_keeps_a_share_of_the_picture_and_adds_light(changed) -> None:
    op = Frost(keep=0.6, ice=0.5, cover=1.0, p=1.0)
    dark, light = (changed(flat(level), op) for level in (0, 100))
    seen = (light - dark) / 100
    assert seen[light < 254].min() > 0.59
    assert np.median(seen[light < 254]) == pytest.approx(0.6, abs=0.01)
    assert dark.max() < 0.5 * 255 + 1


@pytest.mark.parametrize("side", [96, 320, 500])
@pytest.mark.parametrize("level", [60, 200])
def test_a_picture_is_still_seen_behind_ice_and_so_are_crystals(changed, side, level) -> None:
    """Little is white, and lines leave most of a window free, at every size and for all default options."""
    pixels = np.full((6, side, side, 3), level, np.uint8)
    made = changed(pixels, Frost(p=1.0))[..., 1]
    assert (made > 250).mean() < 0.3
    fine = made - ndimage.gaussian_filter(made, (0, 4, 4))
    assert fine.std(axis=(1, 2)).min() > 3
    assert 0.01 < (fine > 15).mean() < 0.3


def test_crystals_are_fine_lines_and_no_two_windows_are_alike(changed) -> None:
    made = changed(flat(0, 4), Frost(keep=0.6, ice=1.0, cover=1.0, p=1.0))[..., 0]
    fine = made - ndimage.gaussian_filter(made, (0, 2, 2))
    assert fine.std() > 12
    assert np.abs(np.corrcoef(fine.reshape(4, -1)) - np.eye(4)).max() < 0.2


def test_haze_lights_what_is_dark_and_keeps_the_brightest_level(changed) -> None:
    pixels = flat(0)
    pixels[:, 48:] = 200
    made = changed(pixels, Haze(light=1.5, p=1.0))
    down = (200 / 255) / (200 / 255 + 1.5)
    assert made.max() <= 200.5
    assert made[:, :48].max() > 80
    two = changed(flat(200), Haze(light=1.5, p=1.0))
    assert two.min() == pytest.approx(200 * down, abs=0.6)
    assert two.max() == pytest.approx((200 + 1.5 * 255) * down, abs=0.6)


def test_clouds_cover_the_part_they_are_told_and_leave_the_rest(changed, noise) -> None:
    pixels = noise(6, SIDE, SIDE) // 2
    for cover in (0.3, 0.6):
        made = changed(pixels, CloudCover(cover=cover, density=1.0, level=240.0, p=1.0))
        assert (np.abs(made - pixels).max(axis=3) > 0.5).mean() == pytest.approx(cover, abs=0.06)
    thick = changed(flat(20), CloudCover(cover=0.5, density=0.8, level=240.0, p=1.0))
    assert thick.max() == pytest.approx(20 + 0.8 * 220, abs=2)
    # Where all is cloudy, clouds are still seen.
    full = changed(flat(20), CloudCover(cover=1.0, density=1.0, level=240.0, p=1.0))
    assert full.min() > 0.7 * 240
    assert full.std(axis=(1, 2, 3)).min() > 5
    large, small = (changed(flat(20), CloudCover(cover=0.5, size=size, p=1.0))[..., 0] for size in (0.8, 0.1))
    few, many = (cv2.connectedComponents((one[0] > 30).astype(np.uint8))[0] for one in (large, small))
    assert many > 2 * few


def test_snow_lies_on_what_is_dark(changed) -> None:
    pixels = flat(60)
    pixels[:, 48:] = 180
    made = changed(pixels, SnowyLandscape(threshold=120.0, factor=2.0, p=1.0))
    assert np.abs(made[:, :48] - 120).max() < 0.51
    assert np.abs(made[:, 48:] - 180).max() < 0.51
    color = np.full((1, 4, 4, 3), (90, 40, 20), np.uint8)
    lit = changed(color, SnowyLandscape(threshold=200.0, factor=1.5, p=1.0))[0, 0, 0]
    assert (lit.max() + lit.min()) / 2 == pytest.approx(1.5 * 55, abs=0.6)


def test_a_snowfall_is_flakes_and_no_white_wall(changed) -> None:
    made = changed(flat(120, 40), Snowfall(p=1.0))
    assert (made > 250).mean(axis=(1, 2, 3)).max() < 0.25
    assert (made.std(axis=(1, 2)) > 2).all()


def test_snowfall_adds_light_that_trails_downward(changed) -> None:
    op = Snowfall(mean=0.1, threshold=0.7, deg=0.0, pale=0.0, p=1.0)
    made = changed(flat(40), op)
    assert made.min() >= 40 - 1e-3
    assert 0.02 < (made > 45).mean() < 0.9
    down, across = (np.abs(np.diff(made[..., 0], axis=axis)).mean() for axis in (1, 2))
    assert down < 0.6 * across
    assert np.abs(made - made[:, ::-1, ::-1]).max() < 1.1
    pale = changed(flat(40), Snowfall(mean=-1.0, pale=0.5, p=1.0))
    assert np.abs(pale - (40 + 0.5 * (40 * 1.5 + 127.5 - 40))).max() < 0.51
