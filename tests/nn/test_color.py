"""Color: Lab, bins, distributions over them, and pictures that get other colors."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vitral.nn.color import (
    BIN_SIDE,
    BINS,
    BinPrior,
    ColorErrors,
    GuidedColors,
    ab_bins,
    annealed_mean,
    colored,
    colorfulness,
    confidence,
    lab_of,
    lab_to_srgb,
    levels_to_lab,
    lightness_function,
    luminance,
    nearest_bin,
    recolored,
    soft_encoding,
    srgb_to_lab,
)
from vitral.nn.color.cie import LIGHT_OF_RED_GREEN_BLUE

levels = arrays(np.uint8, (3, 5, 3))
units = arrays(np.float64, (4, 3), elements=st.floats(0, 1))


def recolored_pixels(pixels, a, b):
    light = luminance(pixels)
    planes = (np.full_like(light, value) if np.isscalar(value) else value for value in (a, b))
    return recolored(light, lightness_function(light), *planes)


@pytest.mark.parametrize(
    ("srgb", "lab"),
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
    ],
)
def test_known_colors_have_their_known_lab(srgb, lab):
    assert srgb_to_lab(np.array(srgb, float)) == pytest.approx(lab, abs=0.02)


@given(units)
def test_lab_and_back_gives_the_same_color(srgb):
    # The two branches of the sRGB curve meet within 3e-8 only: its constants are rounded in the standard.
    assert lab_to_srgb(srgb_to_lab(srgb)) == pytest.approx(srgb, abs=1e-7)


@given(levels)
def test_levels_values_and_tensors_give_one_lab(pixels):
    exact = srgb_to_lab(pixels / 255)
    assert levels_to_lab(pixels) == pytest.approx(exact, abs=2e-3)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    assert lab_of(tensor)[0].permute(1, 2, 0).numpy() == pytest.approx(exact, abs=2e-3)


def test_grey_has_no_color_at_all():
    grey = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    assert np.abs(levels_to_lab(grey)[:, 1:]).max() < 1e-4
    both = luminance(grey[None]), luminance(grey[None], grey=True)
    assert both[0] == pytest.approx(both[1], abs=1e-6)


def test_the_bins_are_the_squares_that_hold_a_color_of_srgb():
    axis = np.arange(256) / 255
    u, v = (one.ravel() for one in np.meshgrid(axis, axis))
    faces = [
        np.stack(list(np.roll([np.full_like(u, end), u, v], channel, axis=0)), axis=1)
        for channel in range(3)
        for end in (0, 1)
    ]
    found = np.rint(srgb_to_lab(np.concatenate(faces))[:, 1:] / BIN_SIDE) * BIN_SIDE
    assert {tuple(row) for row in found.tolist()} == {tuple(row) for row in ab_bins().tolist()}
    assert len(ab_bins()) == BINS == 261


@given(arrays(np.float32, (2, 2, 3, 4), elements=st.floats(-200, 200, width=32)))
def test_a_color_is_shared_by_its_five_nearest_bins(ab):
    numbers, shares = soft_encoding(torch.from_numpy(ab))
    assert numbers.shape == shares.shape == (2, 5, 3, 4)
    assert shares.sum(1).numpy() == pytest.approx(1, abs=1e-5)
    assert (shares[:, :-1] >= shares[:, 1:] - 1e-6).all()
    clipped = np.clip(np.rint(ab), -112, 112)
    distance = np.square(clipped[:, None] - ab_bins()[None, :, :, None, None]).sum(2)
    picked = np.take_along_axis(distance, numbers.numpy(), axis=1)
    assert picked == pytest.approx(np.sort(distance, axis=1)[:, :5])
    assert np.array_equal(nearest_bin(np.moveaxis(ab, 1, -1)), numbers[:, 0].numpy())


def test_the_mean_of_the_shares_is_near_the_color():
    colors = np.random.default_rng(0).uniform(-35, 60, (1, 2, 20, 20)).astype(np.float32)
    numbers, shares = soft_encoding(torch.from_numpy(colors))
    mean = (torch.from_numpy(ab_bins().copy())[numbers] * shares[..., None]).sum(1).permute(0, 3, 1, 2)
    assert (mean - torch.from_numpy(colors)).abs().mean() < 1.5


def test_rare_colors_weigh_more_and_the_mean_weight_is_one():
    pictures = torch.full((4, 3, 16, 16), 0.5)
    pictures[:, 1] = 0.7
    pictures[0, :, :4, :4] = torch.tensor([1.0, 0, 0])[:, None, None]
    prior = BinPrior(stride=4)
    prior.prepare(pictures)
    assert float(prior.shares.sum()) == pytest.approx(1, abs=1e-5)
    assert float((prior.weights * prior.shares).sum()) == pytest.approx(1, abs=1e-4)
    red, green = (nearest_bin(srgb_to_lab(np.array(rgb))[1:]) for rgb in ((1.0, 0, 0), (0.5, 0.7, 0.5)))
    assert prior.weights[red] > 3 * prior.weights[green]
    assert BinPrior(stride=4, mix=1.0).weights == pytest.approx(1)


def test_pictures_without_color_are_told_and_are_not_counted():
    grey = torch.rand(2, 1, 8, 8).expand(-1, 3, -1, -1)
    mixed = torch.cat([grey, torch.rand(1, 3, 8, 8)])
    assert colored(lab_of(mixed)[:, 1:]).tolist() == [False, False, True]
    prior = BinPrior(stride=4)
    prior.prepare(grey)
    assert prior.shares == pytest.approx(1 / BINS)


def test_a_colder_mean_goes_from_the_mean_to_the_mode():
    scores = torch.full((1, BINS, 1, 1), -20.0)
    red, green = (int(nearest_bin(np.array(ab, float))) for ab in ((60, 40), (-50, 50)))
    scores[0, red], scores[0, green] = 1.0, 0.0
    warm, cold = (annealed_mean(scores, temperature=t)[0, :, 0, 0] for t in (1.0, 0.05))
    share = 1 / (1 + np.exp(-1))
    assert warm.numpy() == pytest.approx(
        [60 * share - 50 * (1 - share), 40 * share + 50 * (1 - share)], abs=0.1
    )
    assert cold.numpy() == pytest.approx([60, 40], abs=0.01)


def test_confidence_is_none_for_all_bins_alike_and_full_for_one():
    scores = torch.zeros(1, BINS, 1, 2)
    scores[0, 7, 0, 1] = 100
    assert confidence(scores).flatten().tolist() == pytest.approx([0, 1], abs=1e-5)


@given(levels)
def test_a_picture_with_its_own_colors_comes_back(pixels):
    lab = levels_to_lab(pixels)
    made = recolored_pixels(pixels, np.ascontiguousarray(lab[..., 1]), np.ascontiguousarray(lab[..., 2]))
    assert np.abs(made.astype(int) - pixels).max() <= 1


@given(levels, st.floats(-200, 200), st.floats(-200, 200))
def test_any_color_keeps_lightness_and_hue(pixels, a, b):
    made = levels_to_lab(recolored_pixels(pixels, a, b))
    # Rounding to levels moves the lightness by less than one level of grey does.
    assert np.abs(made[..., 0] - levels_to_lab(pixels)[..., 0]).max() < 0.5
    chroma = np.hypot(made[..., 1], made[..., 2])
    assert (chroma < np.hypot(a, b) + 3).all()
    across = np.abs(made[..., 1] * b - made[..., 2] * a) / max(np.hypot(a, b), 1e-9)
    assert across.max() < 3 or np.hypot(a, b) < 1


def test_a_color_out_of_reach_goes_as_far_as_srgb_does():
    grey = np.full((1, 1, 3), 120, np.uint8)
    made = recolored_pixels(grey, 150.0, 120.0)[0, 0]
    assert made.max() >= 250 or made.min() <= 5
    assert np.hypot(*levels_to_lab(made)[1:]) > 60


def test_colorfulness_is_zero_for_grey_and_grows_with_chroma():
    grey = np.random.default_rng(0).integers(0, 256, (20, 30, 1), dtype=np.uint8).repeat(3, axis=2)
    found = [colorfulness(recolored_pixels(grey // 2 + 60, c, -c)) for c in (0.0, 10.0, 20.0)]
    assert colorfulness(grey) == 0
    assert found[0] < 1 < found[1] < found[2]


def test_colorfulness_is_that_of_the_paper():
    pixels = np.random.default_rng(1).integers(0, 256, (31, 17, 3), dtype=np.uint8)
    red, green, blue = np.moveaxis(pixels.astype(float), 2, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    expected = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
    assert colorfulness(pixels) == pytest.approx(expected, rel=1e-5)


def test_the_area_under_the_curve_is_that_of_all_thresholds():
    random = np.random.default_rng(2)
    right = random.uniform(-60, 60, (400, 2))
    made = right + random.normal(0, 40, (400, 2))
    errors = ColorErrors()
    errors.update(made, right)
    distance = np.linalg.norm(made - right, axis=1)
    expected = np.mean([(distance <= threshold).mean() for threshold in range(151)])
    assert errors.result()["auc"] == pytest.approx(expected)
    assert errors.result()["delta_e_ab"] == pytest.approx(distance.mean())


def test_errors_are_the_same_however_pixels_are_grouped():
    random = np.random.default_rng(3)
    right, made = random.uniform(-60, 60, (2, 300, 2))
    whole, parts = ColorErrors(), ColorErrors()
    whole.update(made, right)
    for rows in np.array_split(np.arange(300), 7):
        parts.update(made[rows], right[rows])
    assert parts.result() == pytest.approx(whole.result())


def test_rebalanced_a_brown_guess_costs_more():
    right = np.zeros((1000, 2))
    right[:20] = 70, 50
    errors = ColorErrors()
    errors.update(np.zeros_like(right), right)
    found = errors.result()
    assert found["auc"] > 0.98
    assert found["auc_rebalanced"] < 0.8
    assert found["delta_e_rebalanced"] > 5 * found["delta_e_ab"]


def test_nothing_judged_gives_numbers_all_the_same():
    assert all(np.isfinite(value) for value in ColorErrors().result().values())


def test_spread_colors_follow_an_edge_of_the_lightness_and_not_the_strips():
    lightness = np.full((40, 64), 0.3, np.float32)
    lightness[:, 30:] = 0.8
    ab = np.zeros((10, 16, 2), np.float32)
    ab[:, 7, 0], ab[:, 8:, 0] = 20.0, 40.0
    guide = GuidedColors.of(ab, lightness)
    large = lightness.repeat(10, axis=0).repeat(10, axis=1)
    whole = guide.rows(large, top=0, height=400)[0]
    parts = [guide.rows(large[top : top + 37], top=top, height=400)[0] for top in range(0, 400, 37)]
    assert np.array_equal(np.concatenate(parts), whole)
    # By itself a straight line over the squares would be at half of the color on both sides.
    assert np.abs(whole[:, 285:298]).max() < 6
    assert np.abs(whole[:, 302:315] - 40).max() < 6


def test_white_is_what_full_red_green_and_blue_add_up_to():
    assert LIGHT_OF_RED_GREEN_BLUE[1].sum() == pytest.approx(1, abs=1e-6)
