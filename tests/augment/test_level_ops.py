"""Ops that change levels by a curve, an offset, HSV or a histogram, against their formulas."""

import colorsys

import numpy as np
import pytest
from PIL import Image, ImageOps

from vitral.augment import (
    Augmentation,
    ChannelContrast,
    Clahe,
    Equalize,
    Gamma,
    HsvShift,
    Invert,
    LogContrast,
    MatchHistogram,
    Offset,
    SigmoidContrast,
    histogram_of,
)
from vitral.core import OptionError, ShapeError

RAMP = np.tile(np.arange(256, dtype=np.uint8)[None, :, None, None], (1, 1, 4, 3))
PLAIN = {"height": 20, "width": 20, "mean": (0.0,) * 3, "std": (1.0,) * 3}


def uneven(count: int, seed: int, power: float) -> np.ndarray:
    """Pictures whose levels are far from evenly spread."""
    numbers = np.random.default_rng(seed).random((count, 40, 50, 3))
    return np.rint(255 * numbers**power).astype(np.uint8)


def test_an_offset_is_added_and_levels_stay_levels(changed, noise) -> None:
    pixels = noise(2, 20, 20)
    for levels in (-60.0, 35.0):
        want = np.clip(pixels + levels, 0, 255)
        assert np.abs(changed(pixels, Offset(levels=levels)) - want).max() < 1e-3


def test_channels_get_offsets_of_their_own_when_told(changed) -> None:
    grey = np.full((40, 20, 20, 3), 128, np.uint8)
    together, apart = (changed(grey, Offset(levels=(-50.0, 50.0), apart=a))[:, 0, 0] for a in (False, True))
    assert np.ptp(together, axis=1).max() < 1e-3
    assert np.ptp(apart, axis=1).mean() > 20
    assert np.corrcoef(apart.T)[0, 1] == pytest.approx(0, abs=0.4)


def test_channels_move_about_their_own_means(changed, noise) -> None:
    pixels = noise(2, 20, 20) // 4 + np.array([20, 100, 180], np.uint8)
    means = pixels.mean(axis=(1, 2), keepdims=True)
    for factor in (0.0, 0.3, 1.4):
        made = changed(pixels, ChannelContrast(factor=factor))
        assert np.abs(made - np.clip(means + factor * (pixels - means), 0, 255)).max() < 0.01


def test_curves_are_their_formulas(changed) -> None:
    value = np.arange(256) / 255
    sigmoid = changed(RAMP, SigmoidContrast(gain=8.0, middle=0.4, p=1.0))[0, :, 0, 0]
    assert np.abs(sigmoid - 255 / (1 + np.exp(8 * (0.4 - value)))).max() < 0.01
    log = changed(RAMP, LogContrast(gain=1.0, p=1.0))[0, :, 0, 0]
    assert np.abs(log - 255 * np.log2(1 + value)).max() < 0.01
    assert (log[0], log[-1]) == (0.0, pytest.approx(255.0, abs=1e-3))
    assert changed(RAMP, LogContrast(gain=3.0, p=1.0)).max() == pytest.approx(255, abs=1e-3)


def test_all_of_them_are_one_pass(batch_of, noise) -> None:
    ops = (Offset(apart=True), SigmoidContrast(), Gamma(apart=True), LogContrast(), Invert(apart=True))
    assert len(Augmentation(ops, **PLAIN).plan(batch_of(noise(4, 20, 20))).passes) == 1


def test_powers_and_negatives_of_single_channels(changed) -> None:
    grey = np.full((60, 20, 20, 3), 100, np.uint8)
    assert np.ptp(changed(grey, Gamma(power=(0.5, 2.0))), axis=3).max() < 1e-3
    assert np.ptp(changed(grey, Gamma(power=(0.5, 2.0), apart=True)), axis=3).mean() > 20
    made = np.rint(changed(grey, Invert(p=0.5, apart=True))[:, 0, 0])
    assert set(np.unique(made)) == {100.0, 155.0}
    assert len(np.unique(made, axis=0)) == 8
    assert (made == 155).mean() == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize(
    "numbers", [(1.0, 0.0, 1.0, 0.2), (1.0, 0.3, 1.0, -0.1), (2.0, 0.1, 1.0, 0.0), (0.0, 0.0, 0.5, 0.2)]
)
def test_saturation_and_value_are_those_of_colorsys(changed, noise, numbers) -> None:
    pixels = noise(1, 16, 16)
    names = ("times_saturation", "plus_saturation", "times_value", "plus_value")
    made = changed(pixels, HsvShift(**dict(zip(names, numbers, strict=True))))[0].reshape(-1, 3)
    times_s, plus_s, times_v, plus_v = numbers
    for got, before in zip(made, pixels[0].reshape(-1, 3) / 255, strict=True):
        h, s, v = colorsys.rgb_to_hsv(*before)
        s, v = np.clip(s * times_s + plus_s, 0, 1), np.clip(v * times_v + plus_v, 0, 1)
        assert np.abs(got - 255 * np.array(colorsys.hsv_to_rgb(h, s, v))).max() < 0.51


def test_grey_stays_grey(changed) -> None:
    made = changed(RAMP, HsvShift(plus_saturation=0.5, plus_value=0.1))
    assert np.ptp(made, axis=3).max() < 1e-3


def test_lightness_and_channels_are_equalized(changed) -> None:
    pixels = uneven(1, 3, 3.0)
    want = np.asarray(ImageOps.equalize(Image.fromarray(pixels[0])))
    assert np.abs(changed(pixels, Equalize(p=1.0))[0] - want).max() < 1e-3
    for op in (Equalize(of="lightness", p=1.0), Clahe(of="channels", limit=40.0, tiles=2, p=1.0)):
        made = changed(pixels, op)
        grey, before = made.mean(axis=3), pixels.mean(axis=3)
        assert np.abs(made - pixels).mean() > 20
        assert abs(np.median(grey) - 128) < abs(np.median(before) - 128)
    flat = np.full((1, 32, 32, 3), (200, 40, 90), np.uint8)
    assert np.ptp(changed(flat, Equalize(of="lightness", p=1.0)), axis=(1, 2)).max() < 1e-3


def test_a_matched_picture_has_the_levels_of_the_other(changed) -> None:
    pixels, other = uneven(1, 0, 1.5), uneven(1, 1, 0.5)[0]
    made = changed(pixels, MatchHistogram(of=histogram_of(other, points=65), weight=1.0, p=1.0))[0]
    for c in range(3):
        # Pixels in the order of their levels get the other picture's in order.
        difference = np.sort(made[..., c].ravel()) - np.sort(other[..., c].ravel())
        assert np.abs(difference).mean() < 1.5
        # The definition: each level to where the other has as many pixels below.
        levels, counts = np.unique(pixels[0, ..., c], return_counts=True)
        middle = (np.cumsum(counts) - counts / 2) / counts.sum()
        want = np.quantile(other[..., c], middle)
        got = np.array([made[..., c][pixels[0, ..., c] == level].mean() for level in levels])
        assert np.abs(got - want).mean() < 1.5
        assert (np.diff(got) >= 0).all()


def test_a_match_is_blended_and_one_with_itself_changes_little(changed) -> None:
    pixels, other = uneven(1, 0, 2.0), uneven(1, 1, 0.5)[0]
    whole, half = (
        changed(pixels, MatchHistogram(of=histogram_of(other), weight=weight, p=1.0)) for weight in (1.0, 0.5)
    )
    assert np.abs(half - (whole + pixels) / 2).max() < 1.1
    own = MatchHistogram(of=histogram_of(pixels[0], points=257), weight=1.0, p=1.0)
    assert np.abs(changed(pixels, own) - pixels).max() < 1.1


def test_a_histogram_is_levels_at_even_shares() -> None:
    assert histogram_of(RAMP[0], points=3) == ((0.0, 127.5, 255.0),) * 3
    with pytest.raises(ShapeError, match=r"picture: must be uint8 of h x w x 3, got float64 of 2 x 2"):
        histogram_of(np.zeros((2, 2)))  # pyright: ignore[reportArgumentType]
    with pytest.raises(OptionError, match="points: must be at least 2, got 1"):
        histogram_of(RAMP[0], points=1)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (((0.0, 255.0),), "must be three channels of two levels or more, got 2;"),
        (((0.0, 255.0), (0.0, 255.0), (1.0,)), "got 2, 2, 1; histogram_of"),
        (((0.0, 255.0), (9.0, 3.0), (0.0, 1.0)), r"must rise within \[0, 255\], got \(9"),
        (((0.0, 255.0), (9.0, 300.0), (0.0, 1.0)), r"must rise within \[0, 255\]"),
    ],
)
def test_a_histogram_that_is_none_is_refused(of, words) -> None:
    with pytest.raises(OptionError, match=words):
        MatchHistogram(of=of)
