"""Ops that move pixels, against NumPy, SciPy and each other."""

import numpy as np
import pytest
from scipy import ndimage

from vitral.augment import (
    AffineJitter,
    Augmentation,
    Flip,
    FlipVertical,
    Perspective,
    QuarterTurn,
    RandomCrop,
    Rotate,
    Scale,
    Shear,
    Stretch,
    Translate,
    Transpose,
)


def smooth(*shape: int) -> np.ndarray:
    coarse = np.random.default_rng(1).normal(128, 90, (*shape, 3))
    soft = ndimage.gaussian_filter(coarse, (0, 2, 2, 0))
    return np.clip(128 + 6 * (soft - soft.mean()), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("op", "want"),
    [
        (Flip(p=1.0), lambda p: p[:, :, ::-1]),
        (FlipVertical(p=1.0), lambda p: p[:, ::-1]),
        (Transpose(p=1.0), lambda p: p.transpose(0, 2, 1, 3)),
        (QuarterTurn(turns=1.0), lambda p: np.rot90(p, -1, axes=(1, 2))),
        (QuarterTurn(turns=2.0), lambda p: np.rot90(p, 2, axes=(1, 2))),
        (QuarterTurn(turns=-1.0), lambda p: np.rot90(p, 1, axes=(1, 2))),
        (Rotate(deg=180.0), lambda p: np.rot90(p, 2, axes=(1, 2))),
        (
            Translate(x=0.25, y=-0.5),
            lambda p: np.pad(p, ((0, 0), (4, 4), (2, 2), (0, 0)), "reflect")[:, 8:, :8],
        ),
    ],
)
def test_whole_moves_give_the_pixels_of_numpy(changed, noise, op, want) -> None:
    pixels = noise(3, 8, 8)
    assert np.abs(changed(pixels, op) - want(pixels)).max() < 1e-3


@pytest.mark.parametrize("deg", [-30.0, 7.0, 45.0, 100.0])
def test_a_rotation_is_that_of_scipy(changed, deg) -> None:
    pixels = smooth(1, 40, 40)
    made = changed(pixels, Rotate(deg=deg))[0]
    want = ndimage.rotate(pixels[0].astype(float), -deg, order=1, reshape=False, mode="mirror")
    assert np.abs(made - want).max() < 1.0


def test_scaling_and_shearing_are_those_of_scipy(changed) -> None:
    pixels = smooth(1, 36, 36)
    for op, linear in (
        (Scale(factor=1.6), np.eye(2) / 1.6),
        (Scale(factor=1.4, ratio=1.21), np.diag([1.1 / 1.4, 1 / 1.54])),
        (Shear(x_deg=20.0), np.array([[1.0, 0.0], [-np.tan(np.deg2rad(20)), 1.0]])),
    ):
        center = np.array([17.5, 17.5])
        want = np.stack(
            [
                ndimage.affine_transform(
                    pixels[0, ..., c].astype(float),
                    linear,
                    center - linear @ center,  # pyright: ignore[reportArgumentType]
                    order=1,
                    mode="mirror",
                )
                for c in range(3)
            ],
            axis=-1,
        )
        assert np.abs(changed(pixels, op)[0] - want).max() < 1.0


def test_clockwise_is_clockwise(changed) -> None:
    pixels = np.zeros((1, 21, 21, 3), np.uint8)
    pixels[:, 0:3, 9:12] = 255
    y, x = np.argwhere(changed(pixels, Rotate(deg=90.0))[0, ..., 0] > 200).mean(axis=0)
    assert (x > 17, abs(y - 10) < 1) == (True, True)


def test_a_random_crop_resamples_nothing(changed, noise) -> None:
    pixels = noise(40, 12, 14)
    made = changed(pixels, RandomCrop(), size=(8, 9))
    for picture, whole in zip(made, pixels, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(whole, (8, 9), axis=(0, 1)).transpose(
            0, 1, 3, 4, 2
        )
        assert (np.abs(windows - picture) < 1e-3).all(axis=(2, 3, 4)).any()


def test_what_a_crop_cut_off_comes_back_into_view(changed) -> None:
    pixels = smooth(1, 60, 60)
    whole = changed(pixels, Rotate(deg=45.0))[0, 15:45, 15:45]
    cropped = changed(pixels, RandomCrop(spread=0.0), Rotate(deg=45.0), size=(30, 30))[0]
    assert np.abs(whole - cropped).max() < 1e-3


def test_one_pass_is_closer_to_the_truth_than_several(changed, batch_of) -> None:
    """Rotating there and back, in one pass, gives the picture again; in two it is blurred."""
    pixels = smooth(1, 48, 48)
    once = changed(pixels, Rotate(deg=20.0), Rotate(deg=-20.0))
    assert np.abs(once - pixels)[:, 8:-8, 8:-8].max() < 1e-3


def test_a_perspective_keeps_straight_lines_and_stays_inside(noise, batch_of) -> None:
    augmentation = Augmentation(
        (Perspective(strength=0.4),), height=20, width=30, mean=(0.0,) * 3, std=(1.0,) * 3
    )
    matrix = augmentation.plan(batch_of(noise(50, 20, 30))).matrix
    corners = np.array([[0, 0, 1], [30, 0, 1], [30, 20, 1], [0, 20, 1.0]]) @ matrix.transpose(0, 2, 1)
    places = corners[..., :2] / corners[..., 2:]
    assert places.min() >= -1e-9
    assert (places.max(axis=(0, 1)) <= np.array([30, 20]) + 1e-9).all()
    assert places.std(axis=0).min() > 0.5


def test_a_stretch_is_scaling_along_each_axis(changed) -> None:
    pixels = smooth(1, 36, 36)
    made = changed(pixels, Stretch(x=1.5, y=1.0))
    assert np.abs(made - changed(pixels, Scale(factor=1.5**0.5, ratio=1.5))).max() < 1e-3
    tall = changed(pixels.transpose(0, 2, 1, 3), Stretch(x=1.0, y=1.5))
    assert np.abs(tall - made.transpose(0, 2, 1, 3)).max() < 1e-3


@pytest.mark.parametrize("reach", [0.02, 0.218])
def test_three_points_are_moved_and_never_flattened(batch_of, reach) -> None:
    op = AffineJitter(reach=reach)
    plain = {"height": 60, "width": 90, "mean": (0.0,) * 3, "std": (1.0,) * 3}
    batch = batch_of(np.zeros((400, 60, 90, 3), np.uint8))
    matrix = np.linalg.inv(Augmentation((op,), **plain).plan(batch).matrix)
    points = np.array([[65.0, 50.0, 1.0], [65.0, 10.0, 1.0], [25.0, 10.0, 1.0]])
    moved = (np.einsum("bij,pj->bpi", matrix, points) - points)[..., :2] / 60
    assert np.abs(moved).max() <= reach + 1e-9
    assert moved.std(axis=0).ravel() == pytest.approx(np.full(6, reach / 3**0.5), rel=0.12)
    assert np.linalg.det(matrix).min() > 0.2 - 1e-9
