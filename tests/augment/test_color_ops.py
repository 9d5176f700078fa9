"""Ops that change colors alone, against formulas and tables of standards."""

import numpy as np
import pytest

from vitral.augment import (
    Augmentation,
    ChannelDrop,
    Lighting,
    QuantizeColors,
    Rotate,
    Sepia,
    Temperature,
)

SIDE = 24
PLAIN = {"height": SIDE, "width": SIDE, "mean": (0.0,) * 3, "std": (1.0,) * 3}
# IEC 61966-2-1: from the XYZ of D65's frame to linear sRGB.
TO_SRGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)
# White points of CIE 15: temperature, X and Z at Y = 1.
WHITES = {5003.0: (0.96422, 0.82521), 5503.0: (0.95682, 0.92149), 7504.0: (0.94972, 1.22638)}


@pytest.mark.parametrize("kelvin", WHITES)
def test_white_gets_the_color_of_the_daylight_of_the_standard(changed, kelvin) -> None:
    made = changed(np.full((1, SIDE, SIDE, 3), 160, np.uint8), Temperature(kelvin=kelvin))[0, 0, 0]
    x, z = WHITES[kelvin]
    want = 160 * (TO_SRGB @ np.array([x, 1.0, z])) ** (1 / 2.2)
    assert np.abs(made - want).max() < 1.0


def test_low_temperatures_are_orange_and_keep_luminance(changed) -> None:
    grey = np.full((1, SIDE, SIDE, 3), 120, np.uint8)
    warm, cold = (changed(grey, Temperature(kelvin=kelvin))[0, 0, 0] for kelvin in (4000.0, 15000.0))
    assert warm[0] > 120 > warm[2]
    assert cold[2] > 120 > cold[0]
    for made in (warm, cold):
        assert (made / 120) ** 2.2 @ (0.2126, 0.7152, 0.0722) == pytest.approx(1, abs=2e-3)


def test_sepia_is_a_blend_with_the_known_matrix(changed, noise) -> None:
    pixels = noise(2, SIDE, SIDE)
    brown = pixels @ np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]]).T
    for amount in (1.0, 0.4):
        want = np.clip((1 - amount) * pixels + amount * brown, 0, 255)
        assert np.abs(changed(pixels, Sepia(amount=amount, p=1.0)) - want).max() < 1e-3


def test_one_channel_is_dropped_and_the_others_stay(changed, noise) -> None:
    pixels = noise(60, SIDE, SIDE)
    made = changed(pixels, ChannelDrop(level=77.0, p=1.0))
    lost = (np.abs(made - 77) < 1e-3).all(axis=(1, 2))
    assert (lost.sum(axis=1) == 1).all()
    assert (lost.sum(axis=0) > 8).all()
    kept = np.where(lost[:, None, None], 0, made - pixels)
    assert np.abs(kept).max() < 1e-3


def test_lighting_varies_as_colors_of_photographs_do(batch_of, noise) -> None:
    """The covariance of what is added is that of the paper's sum."""
    augmentation = Augmentation((Lighting(deviation=0.1),), **PLAIN)
    plan = augmentation.plan(batch_of(np.zeros((6000, SIDE, SIDE, 3), np.uint8)))
    matrix = plan.passes[-1].tones[0].matrix  # pyright: ignore[reportAttributeAccessIssue]
    assert (matrix[:, :, :3] == np.eye(3)).all()
    vectors = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])
    want = (25.5**2) * vectors @ np.diag(np.array([0.2175, 0.0188, 0.0045]) ** 2) @ vectors.T
    added = matrix[:, :, 3]
    assert np.abs(added.mean(axis=0)).max() < 0.2
    assert np.abs(np.cov(added.T) / want - 1).max() < 0.06


@pytest.mark.parametrize("levels", [2, 5, 16, 255])
def test_levels_are_rounded_to_the_nearest_of_a_few(changed, levels) -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 1, 1, 3))
    made = changed(ramp, QuantizeColors(levels=float(levels)))[0, :, 0, 0]
    allowed = np.linspace(0, 255, levels)
    assert np.abs(made[:, None] - allowed).min(axis=1).max() < 1e-3
    assert np.abs(made - ramp[0, :, 0, 0]).max() <= 255 / (levels - 1) / 2 + 1e-3
    assert len(np.unique(np.rint(made))) == levels


def test_all_color_ops_and_a_rotation_are_one_pass(batch_of, noise) -> None:
    ops = (Temperature(), Sepia(), Rotate(), ChannelDrop(), Lighting(), QuantizeColors())
    plan = Augmentation(ops, **PLAIN).plan(batch_of(noise(4, SIDE, SIDE)))
    assert len(plan.passes) == 1
