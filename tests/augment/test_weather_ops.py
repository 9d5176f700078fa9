"""Weather: how much of it there is, where it is, and that strength zero leaves a picture alone."""

import numpy as np
import pytest
from scipy import ndimage

from vitral.augment import Fog, Rain, Shadow, Snow, Spatter, SunFlare
from vitral.augment.clouds import clouds

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
