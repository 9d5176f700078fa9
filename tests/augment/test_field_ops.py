"""Ops that bend pictures, against the maps that they stand for."""

from typing import Any

import cv2
import numpy as np
import pytest
import torch
from scipy import ndimage, stats

from vitral.augment import (
    Augmentation,
    Brightness,
    CropTo,
    Elastic,
    Flip,
    GridDistortion,
    Op,
    OpticalDistortion,
    PiecewiseAffine,
    PolarWarp,
    Rotate,
    Scale,
    Sequence,
    Sometimes,
    Swirl,
    Translate,
    WithPolar,
)
from vitral.augment.engines.reference import render_tensor
from vitral.augment.engines.render import levels_to_inputs
from vitral.augment.route import Route
from vitral.augment.targets.moved import moved_back, moved_boxes, moved_points
from vitral.core import OptionError

SIDE = 224
PLAIN: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
BENT: dict[str, Op] = {
    "elastic": Elastic(deviation_px=3.0, sigma_px=14.0, p=1.0),
    "piecewise-affine": PiecewiseAffine(deviation=0.03, p=1.0),
    "piecewise-smooth": PiecewiseAffine(deviation=0.03, rows=3, columns=5, smooth=True, p=1.0),
    "grid-distortion": GridDistortion(strength=0.5, p=1.0),
    "optical-distortion": OpticalDistortion(k1=0.2, k2=0.05, p=1.0),
    "swirl": Swirl(deg=60.0, p=1.0),
    "polar-warp": PolarWarp(radius=0.7, p=1.0),
    "with-polar": WithPolar(ops=(Translate(x=0.0, y=0.1), Scale(factor=1.1)), p=1.0),
}
every = pytest.mark.parametrize("op", BENT.values(), ids=BENT)


def route(batch_of, *ops: Op, height: int = SIDE, width: int = SIDE, picture: int = 0) -> Route:
    pixels = np.zeros((picture + 1, height, width, 3), np.uint8)
    return Augmentation(ops, height=height, width=width, **PLAIN).plan(batch_of(pixels)).route(picture)


def centers(height: int = SIDE, width: int = SIDE) -> np.ndarray:
    y, x = np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij")
    return np.stack([x, y], axis=2)


def away(batch_of, op: Op, want: np.ndarray) -> float:
    """How far, at most, a pixel shows something other than it should, in pixels."""
    height, width = want.shape[:2]
    got = np.moveaxis(route(batch_of, op, height=height, width=width).places(height, width), 0, 2)
    return float(np.hypot(*np.moveaxis(got - want, 2, 0)).max())


@pytest.mark.parametrize("size", [(SIDE, SIDE), (160, 224)])
@pytest.mark.parametrize(("k1", "k2"), [(0.2, 0.0), (-0.33, 0.0), (0.1, 0.3)])
def test_an_optical_distortion_is_that_of_brown(batch_of, size, k1, k2) -> None:
    height, width = size
    middle = np.array([width / 2, height / 2])
    out = centers(*size) - middle
    square = (out**2).sum(axis=2, keepdims=True) / (middle**2).sum()
    want = middle + out * (1 + k1 * square + k2 * square**2)
    assert away(batch_of, OpticalDistortion(k1=k1, k2=k2, p=1.0), want) < 0.1


def test_an_optical_distortion_is_that_of_opencv(batch_of) -> None:
    half, k1, k2 = SIDE / 2 * 2**0.5, 0.2, 0.1
    # OpenCV counts from the centers of pixels.
    camera = np.array([[half, 0, SIDE / 2 - 0.5], [0, half, SIDE / 2 - 0.5], [0, 0, 1]])
    lens, size = np.array([k1, k2, 0.0, 0.0]), (SIDE, SIDE)
    x, y = cv2.initUndistortRectifyMap(camera, lens, np.eye(3), camera, size, cv2.CV_32FC1)
    assert away(batch_of, OpticalDistortion(k1=k1, k2=k2, p=1.0), np.stack([x, y], axis=2) + 0.5) < 0.1


@pytest.mark.parametrize(("deg", "radius"), [(60.0, 0.25), (-360.0, 0.3)])
def test_a_swirl_turns_by_half_at_its_radius(batch_of, deg, radius) -> None:
    out = centers() - SIDE / 2
    turn = np.deg2rad(deg) * 0.5 ** ((out**2).sum(axis=2) / (radius * SIDE) ** 2)
    x, y = np.moveaxis(out, 2, 0)
    back = np.stack([np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x], axis=2)
    assert away(batch_of, Swirl(deg=deg, radius=radius, p=1.0), SIDE / 2 + back) < 0.1


def test_a_polar_warp_is_that_of_opencv(batch_of, changed) -> None:
    at, reach = centers(), SIDE / 2
    angle, distance = at[..., 1] / SIDE * 2 * np.pi, at[..., 0] / SIDE * reach
    want = SIDE / 2 + distance[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=2)
    op = PolarWarp(deg=0.0, radius=0.5**0.5, p=1.0)
    assert away(batch_of, op, want) < 0.1
    coarse = np.random.default_rng(0).normal(size=(SIDE, SIDE, 3))
    pixels = np.clip(128 + 900 * ndimage.gaussian_filter(coarse, (6, 6, 0)), 0, 255).astype(np.uint8)
    middle = (SIDE / 2 - 0.5, SIDE / 2 - 0.5)
    theirs = cv2.warpPolar(pixels, (SIDE, SIDE), middle, reach, cv2.INTER_LINEAR)
    # Theirs takes the angle and distance of a pixel's corner, ours those of its center.
    between = cv2.blur(theirs, (2, 2), anchor=(0, 0)).astype(float)
    assert np.abs(changed(pixels[None], op)[0] - between)[2:-2, 10:-10].mean() < 1


def test_moving_down_in_polar_coordinates_is_turning(batch_of) -> None:
    turned = np.moveaxis(route(batch_of, Rotate(deg=36.0)).places(SIDE, SIDE), 0, 2)
    assert away(batch_of, WithPolar(ops=(Translate(x=0.0, y=0.1),), p=1.0), turned) < 0.1


def test_widening_in_polar_coordinates_is_scaling(batch_of) -> None:
    """A scale about the center of the polar picture moves angles, too, so it is a crop that widens."""
    half = WithPolar(ops=(CropTo(width=SIDE // 2, spread=1e-9), Translate(x=0.5, y=0.0)), p=1.0)
    scaled = np.moveaxis(route(batch_of, Scale(factor=2.0)).places(SIDE, SIDE), 0, 2)
    assert away(batch_of, half, scaled) < 0.1


def test_elastic_moves_are_noise_smoothed_by_a_gaussian(batch_of) -> None:
    """The deviation and how alike neighbors are, over many pictures, against SciPy's Gaussian."""
    sigma, count = 12.0, 40
    op = Elastic(deviation_px=2.0, sigma_px=sigma, p=1.0)
    plan = Augmentation((op,), height=SIDE, width=SIDE, **PLAIN).plan(
        batch_of(np.zeros((count, SIDE, SIDE, 3), np.uint8))
    )
    grid = np.moveaxis(centers(), 2, 0)
    moves = np.concatenate([plan.route(i).places(SIDE, SIDE) - grid for i in range(count)])
    noise = np.random.default_rng(0).uniform(-1, 1, (80, SIDE, SIDE))
    alpha = 2.0 * sigma / 0.163
    theirs = alpha * ndimage.gaussian_filter(noise, (0, sigma, sigma), mode="reflect", truncate=5)
    inner = np.s_[:, 40:-40, 40:-40]
    assert moves[inner].std() == pytest.approx(2.0, rel=0.06)
    assert moves[inner].std() == pytest.approx(theirs[inner].std(), rel=0.06)
    for lag in (8, 16, 30):
        ours, want = (
            (some[:, 30:-30, 30 : -30 - lag] * some[:, 30:-30, 30 + lag : -30]).mean() / some[inner].var()
            for some in (moves, theirs)
        )
        assert ours == pytest.approx(want, abs=0.05)
    assert moves[:, 0].std() == pytest.approx(theirs[:, 0].std(), rel=0.1)
    assert stats.kurtosis(moves[inner].ravel()[::997]) == pytest.approx(0.0, abs=0.4)


def test_elastic_moves_do_not_depend_on_other_pictures(batch_of, noise) -> None:
    """Pictures of other sizes and deviations need other numbers of nodes."""
    op = Elastic(deviation_px=(1.0, 3.0), sigma_px=(3.0, 30.0), p=0.8)
    pictures = [noise(30 + 25 * i, 90 - 8 * i, seed=i) for i in range(9)]
    augmentation = Augmentation((Rotate(deg=10.0), op, Flip()), height=40, width=40, **PLAIN)
    together = augmentation(batch_of(pictures))
    for i in (0, 4, 8):
        batch = batch_of(pictures[i : i + 1])
        batch.draws = np.array([i])
        alone = augmentation(batch)
        assert torch.equal(alone.inputs[0], together.inputs[i])  # pyright: ignore[reportOptionalSubscript]


def test_points_of_a_piecewise_affine_never_pass_each_other(batch_of) -> None:
    op = PiecewiseAffine(deviation=0.5, rows=5, columns=6, p=1.0)
    plan = Augmentation((op,), height=60, width=90, **PLAIN).plan(
        batch_of(np.zeros((50, 60, 90, 3), np.uint8))
    )
    nodes = plan.passes[0].bends[0].field.nodes
    x, y = np.linspace(0, 90, 6) + nodes[..., 0], np.linspace(0, 60, 5)[:, None] + nodes[..., 1]
    assert np.diff(x, axis=2).min() > 0
    assert np.diff(y, axis=1).min() > 0
    assert np.abs(nodes).max(axis=(0, 1, 2)) == pytest.approx([0.45 * 18, 0.45 * 15])


def test_a_piecewise_affine_is_linear_between_its_points(batch_of) -> None:
    way = route(batch_of, PiecewiseAffine(deviation=0.04, p=1.0))
    at = np.array([[0.0, 0], [SIDE / 3, 0], [SIDE / 6, 0]])
    places = way.there(at)
    assert places[2] == pytest.approx(places[:2].mean(axis=0))
    assert np.abs(places - at).max() > 0.5


def test_a_grid_distortion_moves_lines_and_keeps_borders(batch_of) -> None:
    way = route(batch_of, GridDistortion(strength=0.9, cells=4, p=1.0), height=80, width=120)
    lines = np.stack([np.linspace(0, 120, 5), np.full(5, 33.0)], axis=1)
    places = way.there(lines)
    assert places[[0, -1], 0] == pytest.approx([0, 120])
    wide = np.diff(places[:, 0])
    assert wide.min() > 0
    assert wide.std() > 2
    other = way.there(lines + np.array([0, 20]))
    assert other[:, 0] == pytest.approx(places[:, 0])
    assert way.there(np.array([[50.0, 0], [50, 80]]))[:, 1] == pytest.approx([0, 80])


@every
def test_where_a_point_goes_and_comes_from_agree(batch_of, op) -> None:
    way = route(batch_of, op, height=120, width=150)
    points = np.random.default_rng(1).uniform((30, 25), (120, 95), (60, 2))
    moved = moved_points(points, way)
    found = np.isfinite(moved).all(axis=1)
    assert found.mean() > 0.95
    assert np.abs(moved_back(moved, way) - points)[found].max() < 0.01


@every
def test_a_point_is_where_its_dot_is_seen(batch_of, op) -> None:
    """Through a rotation, the field, and a crop: one pass for all."""
    height, width = 180, 200
    spot = np.array([[118.0, 71.0]])
    distance = np.hypot(*np.moveaxis(centers(height, width) - spot[0], 2, 0))
    pixels = np.repeat((255 * np.exp(-((distance / 4) ** 2)))[..., None], 3, axis=2).astype(np.uint8)
    ops = (Rotate(deg=15.0), op, CropTo(height=170, width=190))
    augmentation = Augmentation(ops, height=170, width=190, **PLAIN)
    batch = batch_of(pixels[None], masks=[(distance < 8).astype(np.uint8)])
    plan, made = augmentation.plan(batch), augmentation(batch)
    assert len(plan.passes) == 1
    assert made.inputs is not None
    assert made.masks is not None
    seen = made.inputs[0, 0].double().numpy()
    place = moved_points(spot, plan.route(0))[0]
    at = np.unravel_index(seen.argmax(), seen.shape)
    near = centers(170, 190)[max(0, at[0] - 14) : at[0] + 15, max(0, at[1] - 14) : at[1] + 15]
    weight = seen[max(0, at[0] - 14) : at[0] + 15, max(0, at[1] - 14) : at[1] + 15] ** 3
    center = (near * weight[..., None]).sum(axis=(0, 1)) / weight.sum()
    assert np.abs(center - place).max() < 1.0
    mask = np.asarray(made.masks[0])
    assert mask[int(place[1]), int(place[0])] == 1
    assert ((mask == 1) == (seen > np.exp(-4)))[mask < 255].mean() > 0.995


@every
def test_a_box_holds_what_it_held(batch_of, op) -> None:
    way = route(batch_of, op, height=150, width=150)
    if isinstance(op, PolarWarp):
        return  # A box is torn where the circle begins.
    inside = np.random.default_rng(2).uniform((50, 40), (90, 70), (200, 2))
    x0, y0, x1, y1 = moved_boxes(np.array([[50.0, 40, 90, 70]]), way)[0]
    moved = moved_points(inside, way)
    assert (np.nanmin(moved, axis=0) > np.array([x0, y0]) - 1).all()
    assert (np.nanmax(moved, axis=0) < np.array([x1, y1]) + 1).all()


@every
def test_both_engines_bend_alike(batch_of, noise, op) -> None:
    pixels = noise(3, 46, 60)
    ops = (Rotate(deg=8.0), op, Flip(), Brightness(strength=0.2))
    for border in ("reflect", "edge", "fill"):
        augmentation = Augmentation(
            ops, height=40, width=44, border=border, fill=(250.0, 10.0, 90.0), **PLAIN
        )
        batch = batch_of(pixels)
        compiled, plan = augmentation(batch).inputs, augmentation.plan(batch)
        assert compiled is not None
        assert plan.passes[0].bent.all()
        gain, offset = levels_to_inputs(*PLAIN.values())
        exact = render_tensor(torch.from_numpy(pixels), plan, gain=gain, offset=offset, dtype=torch.float64)
        assert (compiled.permute(0, 2, 3, 1) - exact).abs().max() < 2e-3


@every
def test_pictures_that_are_not_chosen_stay_as_they_are(changed, noise, op) -> None:
    pixels = noise(40, 16, 20)
    made = changed(pixels, Sometimes(ops=(op,), p=0.5))
    same = (np.abs(made - pixels) < 1e-3).all(axis=(1, 2, 3))
    assert 5 < same.sum() < 35


def test_two_fields_and_a_rotation_are_one_pass(batch_of, noise) -> None:
    ops = (BENT["elastic"], Rotate(deg=20.0), BENT["swirl"], Brightness(strength=0.3))
    plan = Augmentation((Sequence(ops=ops),), height=30, width=30, **PLAIN).plan(batch_of(noise(2, 30, 30)))
    assert len(plan.passes) == 1


def test_what_does_not_move_pixels_is_refused_in_polar_coordinates() -> None:
    with pytest.raises(OptionError, match=r"WithPolar\.ops: brightness does not move pixels; put it before"):
        WithPolar(ops=(Rotate(), Brightness()))
