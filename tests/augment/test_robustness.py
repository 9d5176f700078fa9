"""Geometry and sizes that nobody means, and that must neither crash, nor hang, nor give other pixels."""

import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.augment import (
    Augmentation,
    Contrast,
    Crop,
    Gamma,
    Invert,
    Op,
    Pad,
    Perspective,
    RandomErasing,
    Rotate,
    Scale,
    Solarize,
)
from vitral.augment.engines import prepared
from vitral.augment.engines.reference import render_tensor
from vitral.augment.engines.render import Rendering
from vitral.augment.frame import Frame
from vitral.augment.plan import BORDERS, Border, planned
from vitral.augment.stages import Warp
from vitral.core import OptionError, ShapeError

ONE, NONE = np.ones(3, np.float32), np.zeros(3, np.float32)


def plan_for(matrix, size, target, border="reflect"):
    canvas = np.array([size], float)
    frame = Frame(canvas=canvas, height=target[0], width=target[1], fit="squash")
    warp = Warp(op="warp", matrix=np.asarray(matrix, float)[None], canvas=np.array([target], float))
    return planned([warp], frame, sizes=canvas.astype(int), border=Border(kind=border, fill=(9.0, 9.0, 9.0)))


def rendered(pixels, plan):
    out = np.full((1, plan.height, plan.width, 3), np.nan, np.float32)
    Rendering(pixels, plan).part(0, 1, ONE, NONE, out)
    return out


def levels_of(pixels, *ops: Op, batch_of, **options) -> np.ndarray:
    height, width = pixels.shape[1:3]
    made = Augmentation(ops, height=height, width=width, mean=(0, 0, 0), std=(1, 1, 1), **options)
    inputs = made(batch_of(pixels)).inputs
    assert inputs is not None
    return inputs.permute(0, 2, 3, 1).numpy() * 255


@given(
    numbers=st.lists(st.floats(-2, 2), min_size=8, max_size=8),
    border=st.sampled_from(BORDERS),
    far=st.sampled_from([1.0, 30.0, 1e4]),
)
@settings(max_examples=150, deadline=None)
def test_any_homography_is_survived_and_means_the_same_to_both_engines(numbers, border, far):
    matrix = np.array([*numbers, 1.0]).reshape(3, 3)
    matrix[:2, 2] *= far
    matrix[2, :2] *= 0.1
    if abs(np.linalg.det(matrix)) < 1e-3:
        return
    pixels = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8)
    plan = plan_for(matrix, (16, 16), (12, 14), border)
    made = rendered(pixels, plan)
    assert np.isfinite(made).all()
    exact = render_tensor(torch.from_numpy(pixels), plan, gain=ONE, offset=NONE, dtype=torch.float64).numpy()
    # Far out and near a horizon a rounding moves a place by pixels; nearly everywhere else they agree.
    assert (np.abs(made - exact) > 3).mean() < (0.1 if far == 1 else 1.1)


def test_a_horizon_in_view_ends_the_picture(noise):
    matrix = np.array([[1.0, 0, 0], [0, 1, 0], [-1 / 8.5, 0, 1]])
    plan = plan_for(matrix, (16, 16), (16, 16), "fill")
    made = rendered(noise(1, 16, 16), plan)[0]
    assert (made[:, 9:] == 9).all()
    assert (made[:, 0] != 9).any()


@pytest.mark.parametrize("border", BORDERS)
def test_strong_perspectives_of_small_pictures_pass(border, noise, batch_of):
    ops = (Perspective(strength=0.45), Scale(factor=0.2))
    pixels = noise(200, 16, 16)
    assert np.isfinite(levels_of(pixels, *ops, batch_of=batch_of, border=border)).all()


@pytest.mark.parametrize(
    "matrix", [np.full((3, 3), np.nan), np.diag([np.inf, 1, 1]), np.diag([1.0, 0, 1]), np.diag([1.0, 1, 0])]
)
def test_geometry_that_leads_nowhere_is_refused_by_name(matrix):
    with pytest.raises(OptionError, match="warp: the geometry of a picture must be finite"):
        plan_for(matrix, (8, 8), (8, 8))


def test_a_border_far_wider_than_the_picture_takes_no_time(noise, batch_of):
    begun = time.perf_counter()
    made = levels_of(noise(1, 8, 8), Pad(px=100000.0), batch_of=batch_of)
    assert np.isfinite(made).all()
    assert time.perf_counter() - begun < 5


def test_of_too_large_a_picture_the_part_that_is_seen_is_taken(noise, monkeypatch):
    pixels = noise(1, 200, 220)
    turned = np.array([[0.9, -0.3, 90.0], [0.3, 0.9, 60.0], [0, 0, 1.0]])
    plan = plan_for(turned, (200, 220), (40, 40))
    whole = rendered(pixels, plan)
    monkeypatch.setattr(prepared, "MOST_BYTES", 60 * 60 * 3)
    assert np.allclose(rendered(pixels, plan), whole, atol=0.05)
    out = np.diag([5.0, 5.0, 1.0])
    out[0, 1] = 0.3
    with pytest.raises(ShapeError, match="a picture of 200 x 220 pixels is too large to be moved as a whole"):
        rendered(pixels, plan_for(out, (200, 220), (40, 40)))


def test_what_is_cropped_away_does_not_come_back(batch_of):
    pixels = np.full((40, 64, 64, 3), 200, np.uint8)
    left = (RandomErasing(area=0.05, p=1.0), Crop(px=40.0, sides="rb", apart=False))
    made = levels_of(pixels, *left, batch_of=batch_of)
    plan = Augmentation(left, height=64, width=64, mean=(0,) * 3, std=(1,) * 3).plan(batch_of(pixels))
    boxes = plan.passes[0].tones[0].boxes[:, 0]  # pyright: ignore[reportAttributeAccessIssue]
    away = (boxes[:, :2] >= 25).any(axis=1)
    assert away.sum() > 5
    assert np.abs(made[away] - 200).max() < 1e-3


@pytest.mark.parametrize(
    "op", [Invert(p=1.0), Gamma(power=2.0), Solarize(threshold=10.0), Contrast(strength=0.9)]
)
def test_the_color_beyond_is_the_one_that_was_asked(op, noise, batch_of):
    fill = (10.0, 20.0, 30.0)
    made = levels_of(noise(3, 32, 32), op, Rotate(deg=45.0), batch_of=batch_of, border="fill", fill=fill)
    assert np.allclose(made[:, 0, 0], fill, atol=1e-3)


def test_contrast_behind_a_curve_is_about_the_mean_of_what_the_curve_made(batch_of, noise):
    pixels = noise(4, 24, 24)
    both = levels_of(pixels, Solarize(threshold=30.0), Contrast(strength=0.9), batch_of=batch_of)
    first = levels_of(pixels, Solarize(threshold=30.0), batch_of=batch_of)
    for one, before in zip(both, first, strict=True):
        # Levels that were not clipped lie on a line through the mean.
        inside = (one > 1) & (one < 254)
        slope = (one - before.mean())[inside] / (before - before.mean())[inside]
        assert np.ptp(slope[np.abs(before - before.mean())[inside] > 20]) < 0.05
