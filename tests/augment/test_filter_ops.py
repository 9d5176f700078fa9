"""Ops that look at neighbors, against SciPy, PyTorch, Pillow, scikit-learn and formulas written out."""

import dataclasses
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from sklearn.cluster import KMeans

from vitral.augment import (
    Augmentation,
    BilateralBlur,
    BoxBlur,
    Defocus,
    Downscale,
    Edges,
    Emboss,
    GlassBlur,
    KMeansColors,
    Op,
    Pooling,
    Superpixels,
    ZoomBlur,
)
from vitral.core import Batch, members

OPS: dict[str, Any] = dict(members("op"))
SIZES = [(1, 1), (1, 5), (3, 2), (17, 31)]


def always(kind: str) -> Op:
    """An op that changes every picture."""
    op = OPS[kind](**OPS[kind].example)
    return dataclasses.replace(op, p=1.0) if "p" in op.options() else op


def inputs_of(op: Op, batch: Batch, *, height: int, width: int) -> torch.Tensor:
    augmentation = Augmentation((op,), height=height, width=width, mean=(0.0,) * 3, std=(1.0,) * 3)
    inputs = augmentation(batch).inputs
    assert inputs is not None
    return inputs.clone()


def smooth(*shape: int) -> np.ndarray:
    coarse = np.random.default_rng(1).normal(128, 90, (*shape, 3))
    soft = ndimage.gaussian_filter(coarse, (0, 2, 2, 0))
    return np.clip(128 + 6 * (soft - soft.mean()), 0, 255).astype(np.uint8)


def channels(function: Any, pixels: np.ndarray) -> np.ndarray:
    """A function of planes, for each channel of one picture."""
    return np.stack([function(pixels[..., c].astype(float)) for c in range(3)], axis=-1)


@pytest.mark.parametrize("radius", [0, 1, 3])
def test_a_box_blur_is_that_of_scipy(changed, noise, radius) -> None:
    pixels = noise(1, 20, 23)
    made = changed(pixels, BoxBlur(radius_px=float(radius), p=1.0))[0]
    want = channels(lambda plane: ndimage.uniform_filter(plane, 2 * radius + 1, mode="mirror"), pixels[0])
    assert np.abs(made - want).max() < 0.51


def test_a_bilateral_blur_is_its_formula(changed, noise) -> None:
    pixels, sigma, levels = smooth(1, 16, 18), 1.5, 40.0
    made = changed(pixels, BilateralBlur(sigma_px=sigma, sigma_levels=levels, p=1.0))[0]
    wide = np.pad(pixels[0].astype(float), ((3, 3), (3, 3), (0, 0)), "reflect")
    total, weights = np.zeros((16, 18, 3)), np.zeros((16, 18, 1))
    for dy, dx in np.ndindex(7, 7):
        if (dy - 3) ** 2 + (dx - 3) ** 2 > 9:
            continue
        other = wide[dy : dy + 16, dx : dx + 18]
        apart = np.abs(other - pixels[0]).sum(axis=2, keepdims=True)
        near = ((dy - 3) ** 2 + (dx - 3) ** 2) / (2 * sigma**2)
        weight = np.exp(-near - apart**2 / (2 * levels**2))
        total, weights = total + weight * other, weights + weight
    assert np.abs(made - total / weights).max() < 1.0


def test_a_bilateral_blur_keeps_edges_and_smooths_surfaces(changed) -> None:
    grain = np.random.default_rng(0).normal(0, 4, (1, 30, 30, 1))
    step = np.where(np.arange(30) < 15, 40, 210)[None, None, :, None]
    pixels = np.clip(step + grain, 0, 255).astype(np.uint8).repeat(3, axis=3)
    made = changed(pixels, BilateralBlur(sigma_px=2.0, sigma_levels=40.0, p=1.0))
    assert np.abs(made - step)[:, :, 14:16].max() < 12
    assert (made - step).std() < 0.5 * (pixels - step.astype(float)).std()


@pytest.mark.parametrize("radius", [1.0, 2.5, 6.0])
def test_defocus_averages_over_a_disk(changed, noise, radius) -> None:
    pixels = noise(1, 24, 26)
    made = changed(pixels, Defocus(radius_px=radius, p=1.0))[0]
    reach = 7
    at = (np.arange((2 * reach + 1) * 50) + 0.5) / 50 - reach - 0.5
    disk = (at[:, None] ** 2 + at**2 <= radius**2).reshape(2 * reach + 1, 50, 2 * reach + 1, 50)
    kernel = disk.mean(axis=(1, 3)) / disk.mean(axis=(1, 3)).sum()
    want = channels(lambda plane: ndimage.convolve(plane, kernel, mode="mirror"), pixels[0])
    assert np.abs(made - want).max() < 2.0


def test_a_zoom_blur_is_the_average_of_enlarged_pictures(changed) -> None:
    pixels = smooth(1, 41, 41)
    made = changed(pixels, ZoomBlur(factor=1.2, p=1.0))[0]
    zooms = np.linspace(1, 1.2, 400)
    want = np.mean(
        [
            channels(
                lambda plane, zoom=zoom: ndimage.affine_transform(
                    plane,
                    np.eye(2) / zoom,
                    20 - 20 / zoom,  # pyright: ignore[reportArgumentType]
                    order=1,
                    mode="mirror",
                ),
                pixels[0],
            )
            for zoom in zooms
        ],
        axis=0,
    )
    assert np.abs(made - want).mean() < 1.0
    assert np.abs(made - want)[10:31, 10:31].max() < 3.0
    assert np.abs(made[20, 20] - pixels[0, 20, 20]).max() < 1.0


def test_glass_shows_pixels_within_reach(changed) -> None:
    rows, columns = np.indices((40, 40)) * 5
    pixels = np.stack([rows, columns, rows * 0], axis=2).astype(np.uint8)[None]
    made = changed(pixels, GlassBlur(reach_px=2.0, rounds=2, sigma_px=0.1, p=1.0))
    moved = (made - pixels)[..., :2] / 5
    assert np.abs(moved).max() <= 4.01
    assert np.abs(moved)[:, 4:-4, 4:-4].mean(axis=(0, 1, 2)) == pytest.approx(
        np.full(2, _mean_of_two_steps()), rel=0.05
    )
    assert np.corrcoef(moved[..., 0].ravel(), moved[..., 1].ravel())[0, 1] == pytest.approx(0, abs=0.08)


def _mean_of_two_steps() -> float:
    """The mean distance of the sum of two whole steps in [-2, 2]."""
    steps = np.arange(-2, 3)
    return float(np.abs(steps[:, None] + steps).mean())


@pytest.mark.parametrize("deg", [0.0, 90.0, 200.0])
def test_emboss_adds_the_slope_toward_the_light(changed, deg) -> None:
    pixels = smooth(1, 22, 25)
    made = changed(pixels, Emboss(strength=0.8, deg=deg, p=1.0))[0]
    angle = np.deg2rad(deg)
    toward = channels(
        lambda plane: (
            np.cos(angle) * ndimage.sobel(plane, axis=1, mode="mirror")
            + np.sin(angle) * ndimage.sobel(plane, axis=0, mode="mirror")
        ),
        pixels[0],
    )
    want = np.clip(pixels[0] - 0.8 / 4 * toward, 0, 255)
    assert np.abs(made - want).max() < 0.51


def test_the_side_of_a_bump_toward_the_light_is_bright(changed) -> None:
    y, x = np.indices((31, 31)) - 15
    pixels = np.rint(100 + 80 * np.exp(-(x**2 + y**2) / 40)).astype(np.uint8)[None, ..., None].repeat(3, 3)
    right, below = (changed(pixels, Emboss(strength=1.0, deg=deg, p=1.0))[0, ..., 0] for deg in (0.0, 90.0))
    assert right[15, 20] > right[15, 10] + 20
    assert below[20, 15] > below[10, 15] + 20


def test_edges_are_blended_with_the_slopes_of_sobel(changed, noise) -> None:
    pixels = noise(1, 22, 25)
    made = changed(pixels, Edges(share=0.3, p=1.0))[0]

    def slopes(plane: np.ndarray) -> np.ndarray:
        return np.hypot(*(ndimage.sobel(plane, axis=axis, mode="mirror") / 4 for axis in (0, 1)))

    want = 0.7 * pixels[0] + 0.3 * np.minimum(channels(slopes, pixels[0]), 255)
    assert np.abs(made - want).max() < 0.51


@pytest.mark.parametrize("size", [1, 2, 3, 5, 40])
@pytest.mark.parametrize("of", ["average", "max", "min"])
def test_pooling_is_that_of_torch(changed, noise, of, size) -> None:
    pixels = noise(1, 17, 31)
    made = changed(pixels, Pooling(size_px=float(size), of=of, p=1.0))
    planes = torch.from_numpy(pixels).permute(0, 3, 1, 2).double()
    # Torch pools no size above that of the picture: the same squares in a larger one.
    wide = torch.full((1, 3, 40, 40), torch.nan).double()
    wide[..., :17, :31] = planes
    cells = wide.unfold(2, size, size).unfold(3, size, size).flatten(4)
    if 40 % size:
        cells = torch.nn.functional.pad(wide, (0, size - 40 % size, 0, size - 40 % size), value=torch.nan)
        cells = cells.unfold(2, size, size).unfold(3, size, size).flatten(4)
    pooled = {
        "average": cells.nanmean(4),
        "max": cells.nan_to_num(-1).amax(4),
        "min": cells.nan_to_num(999).amin(4),
    }[of]
    grown = pooled.repeat_interleave(size, 2).repeat_interleave(size, 3)[..., :17, :31]
    assert np.abs(made - grown.permute(0, 2, 3, 1).numpy()).max() < 0.51


def test_median_pooling_is_that_of_numpy(changed, noise) -> None:
    pixels = noise(1, 10, 11)
    made = changed(pixels, Pooling(size_px=3.0, of="median", p=1.0))[0]
    for y in range(0, 10, 3):
        for x in range(0, 11, 3):
            want = np.median(pixels[0, y : y + 3, x : x + 3], axis=(0, 1))
            assert np.abs(made[y : y + 3, x : x + 3] - want).max() < 0.51


def test_k_means_finds_about_the_colors_of_scikit_learn(changed) -> None:
    pixels = smooth(1, 40, 50)
    made = changed(pixels, KMeansColors(count=6.0, p=1.0))[0].reshape(-1, 3)
    colors = np.unique(np.rint(made), axis=0)
    flat = pixels[0].reshape(-1, 3).astype(float)
    assert len(colors) == 6
    far = ((flat[:, None] - colors) ** 2).sum(axis=2)
    assert np.abs(((flat - made) ** 2).sum(axis=1) - far.min(axis=1)).mean() < 20
    groups = KMeans(6, random_state=0).fit_predict(flat)
    best = sum(((part - part.mean(axis=0)) ** 2).sum() for part in (flat[groups == k] for k in range(6)))
    assert ((flat - made) ** 2).sum() < 1.2 * best


def test_k_means_keeps_pictures_of_few_colors(changed) -> None:
    colors = np.array([[0, 0, 0], [250, 10, 10], [20, 240, 30], [90, 90, 255]], np.uint8)
    pixels = colors[np.random.default_rng(0).integers(0, 4, (5, 20, 20))]
    for count in (4.0, 12.0):
        assert np.abs(changed(pixels, KMeansColors(count=count, p=1.0)) - pixels).max() < 1e-3


def test_superpixels_follow_edges_and_keep_averages(changed) -> None:
    y, x = np.indices((60, 60))
    inside = (x - 28) ** 2 + (y - 31) ** 2 < 300
    pixels = np.where(inside[..., None], (230, 60, 40), (20, 90, 160)).astype(np.uint8)[None]
    assert np.abs(changed(pixels, Superpixels(count=60.0, share=1.0, p=1.0)) - pixels).max() < 1e-3
    soft = smooth(1, 60, 60)
    made = changed(soft, Superpixels(count=60.0, share=1.0, p=1.0))
    # A patch that falls apart into large pieces becomes several.
    assert 40 <= len(np.unique(np.rint(made.reshape(-1, 3)), axis=0)) <= 80
    assert np.abs(made.mean(axis=(1, 2)) - soft.mean(axis=(1, 2))).max() < 0.5
    # Patches explain a picture far better than squares of the same number do.
    squares = changed(soft, Pooling(size_px=8.0, p=1.0))
    assert ((made - soft) ** 2).mean() < 0.8 * ((squares - soft) ** 2).mean()


def test_superpixels_hang_together_and_none_is_tiny(changed, noise) -> None:
    """On noise patches would fall apart into single pixels."""
    for pixels in (noise(1, 60, 60), smooth(1, 60, 60), noise(1, 1, 40), noise(1, 3, 2)):
        made = np.rint(changed(pixels, Superpixels(count=36.0, compactness=1.0, share=1.0, p=1.0))[0])
        least = made[..., 0].size / 36 / 4
        for color in np.unique(made.reshape(-1, 3), axis=0):
            same = (made == color).all(axis=2).astype(np.uint8)
            _, pieces = cv2.connectedComponents(same, connectivity=4)
            assert np.bincount(np.asarray(pieces)[same > 0])[1:].min() >= least


def test_superpixels_replace_the_share_they_are_told(changed) -> None:
    pixels = smooth(6, 60, 60)
    assert np.abs(changed(pixels, Superpixels(share=0.0, p=1.0)) - pixels).max() < 1e-3
    whole, half = (changed(pixels, Superpixels(share=share, p=1.0)) for share in (1.0, 0.5))
    same = (np.abs(half - pixels) < 1e-3).all(axis=3)
    assert 0.35 < same.mean() < 0.65
    assert np.abs(half - whole)[~same].max() < 1e-3


def test_downscaling_is_averages_made_large_again(changed, noise) -> None:
    pixels = noise(1, 24, 36)
    small = pixels[0].reshape(8, 3, 12, 3, 3).mean(axis=(1, 3))
    near = changed(pixels, Downscale(factor=3.0, by="nearest", p=1.0))[0]
    assert np.abs(near - np.kron(small, np.ones((3, 3, 1)))).max() < 0.51
    linear = changed(pixels, Downscale(factor=3.0, p=1.0))[0]
    large = np.array(
        Image.fromarray(np.rint(small).astype(np.uint8)).resize((36, 24), Image.Resampling.BILINEAR)
    )
    assert np.abs(linear - large).max() < 2.0


@pytest.mark.parametrize("kind", sorted(OPS))
@pytest.mark.parametrize("size", SIZES)
def test_every_op_takes_pictures_of_any_size(batch_of, noise, kind, size) -> None:
    pixels = noise(3, *size)
    for height, width in (size, (7, 9)):
        inputs = inputs_of(always(kind), batch_of(pixels), height=height, width=width)
        assert inputs.shape == (3, 3, height, width)
        assert inputs.isfinite().all()


@pytest.mark.parametrize("kind", sorted(OPS))
def test_every_op_gives_the_same_bytes_again_and_in_another_batch(batch_of, noise, kind) -> None:
    op, size, pixels = always(kind), {"height": 33, "width": 29}, noise(6, 35, 41)
    first = inputs_of(op, batch_of(pixels), **size)
    assert torch.equal(inputs_of(op, batch_of(pixels), **size), first)
    plan = Augmentation((op,), height=33, width=29, mean=(0.0,) * 3, std=(1.0,) * 3).plan(batch_of(pixels))
    # A partner to mix with is another one in another batch.
    for picked in () if plan.mixed.any() else ([4], [5, 0, 2]):
        part = batch_of(pixels[picked], draws=np.array(picked))
        assert torch.equal(inputs_of(op, part, **size), first[picked])


@pytest.mark.parametrize("kind", sorted(OPS))
@pytest.mark.parametrize("end", ["low", "high"])
def test_every_option_may_lie_at_the_end_of_its_range(batch_of, noise, kind, end) -> None:
    op = always(kind)
    for name, (_, default, known) in op.options().items():
        bound = getattr(known, end)
        if bound is None or not isinstance(default, int | float | tuple) or isinstance(default, bool):
            continue
        value = (float(bound),) * 2 if isinstance(default, tuple) else type(default)(bound)
        extreme = dataclasses.replace(op, **{name: value})
        inputs = inputs_of(extreme, batch_of(noise(2, 11, 13)), height=11, width=13)
        assert inputs.isfinite().all()
        assert inputs.min() >= 0
        assert inputs.max() <= 1 + 1e-6
