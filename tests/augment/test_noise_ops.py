"""Ops that add noise: its mean, its deviation, its distribution, and that no two pictures share it."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage, stats

from vitral.augment import (
    Augmentation,
    CountNoise,
    GaussianNoise,
    IsoNoise,
    JpegArtifacts,
    LaplaceNoise,
    Op,
    PixelDropout,
    PoissonNoise,
    SaltAndPepper,
    SpeckleNoise,
    UniformNoise,
    WebpArtifacts,
)

SIDE = 64
NOISY: dict[str, Op] = {
    "gaussian": GaussianNoise(deviation=9.0, p=1.0),
    "laplace": LaplaceNoise(deviation=9.0, p=1.0),
    "poisson": PoissonNoise(photons=100.0, p=1.0),
    "speckle": SpeckleNoise(deviation=0.1, p=1.0),
    "iso": IsoNoise(grain=9.0, color=9.0, p=1.0),
    "dropout": PixelDropout(share=0.2, p=1.0),
    "salt": SaltAndPepper(share=0.2, p=1.0),
    "salt-apart": SaltAndPepper(share=0.2, apart=True, p=1.0),
    "uniform": UniformNoise(reach=20.0, p=1.0),
    "count": CountNoise(mean=9.0, p=1.0),
}


def flat(level: int, count: int = 4) -> np.ndarray:
    return np.full((count, SIDE, SIDE, 3), level, np.uint8)


def levels_of(op: Op, pixels: np.ndarray, batch_of: Any, **where: Any) -> np.ndarray:
    augmentation = Augmentation((op,), height=SIDE, width=SIDE, mean=(0.0,) * 3, std=(1.0,) * 3)
    inputs = augmentation(batch_of(pixels, **where)).inputs
    assert inputs is not None
    return inputs.permute(0, 2, 3, 1).double().numpy() * 255


@pytest.mark.parametrize("op", [LaplaceNoise(deviation=8.0, p=1.0), GaussianNoise(deviation=8.0, p=1.0)])
def test_added_noise_has_mean_zero_and_its_deviation(changed, op) -> None:
    noise = changed(flat(128), op) - 128
    assert np.abs(noise.mean(axis=(1, 2, 3))).max() < 0.3
    assert np.abs(noise.std(axis=(1, 2, 3)) - 8).max() < 0.3


def test_laplace_noise_has_the_tails_of_laplace(changed) -> None:
    noise = changed(flat(128, 8), LaplaceNoise(deviation=12.0, p=1.0)) - 128
    assert stats.kurtosis(noise.ravel()) == pytest.approx(3, abs=0.3)
    far = (np.abs(noise) > 30.5).mean()
    assert far == pytest.approx(np.exp(-30.5 / (12 / np.sqrt(2))), rel=0.1)


@pytest.mark.parametrize("level", [20, 90, 160])
def test_shot_noise_has_the_variance_of_counts(changed, level) -> None:
    noise = changed(flat(level), PoissonNoise(photons=400.0, p=1.0)) - level
    assert abs(noise.mean()) < 0.25
    # n photons vary by n, and levels are rounded to whole ones.
    assert noise.var() == pytest.approx(level * 255 / 400 + 1 / 12, rel=0.05)


def test_few_photons_make_whole_counts(changed) -> None:
    made = changed(flat(60), PoissonNoise(photons=10.0, p=1.0))
    counts = made * 10 / 255
    # What is brighter than white is white, and levels are whole.
    assert np.abs(counts - np.rint(counts)).max() < 0.03
    for count in range(5):
        want = stats.poisson.pmf(count, 60 * 10 / 255)
        assert (np.rint(counts) == count).mean() == pytest.approx(want, abs=0.01)


@pytest.mark.parametrize("level", [0, 60, 150])
def test_speckle_grows_with_the_level(changed, level) -> None:
    noise = changed(flat(level), SpeckleNoise(deviation=0.15, p=1.0)) - level
    assert abs(noise.mean()) < 0.4
    assert noise.std() == pytest.approx(0.15 * level, rel=0.03, abs=1e-3)


def test_iso_noise_is_fine_in_lightness_and_blotched_in_color(changed) -> None:
    noise = changed(flat(128, 8), IsoNoise(grain=8.0, color=6.0, p=1.0)) - 128
    light, color = noise.mean(axis=3), noise - noise.mean(axis=3, keepdims=True)
    assert abs(noise.mean()) < 0.1
    assert light.std() == pytest.approx(8, rel=0.03)
    assert color.std() == pytest.approx(6, rel=0.08)

    def neighbors(values: np.ndarray) -> float:
        return float(np.corrcoef(values[:, :, 1:].ravel(), values[:, :, :-1].ravel())[0, 1])

    assert abs(neighbors(light)) < 0.03
    # Of noise blurred by 1.5 pixels, neighbors correlate by exp(-1 / (4 * 1.5^2)).
    assert neighbors(color[..., 0]) == pytest.approx(np.exp(-1 / 9), abs=0.05)


def test_iso_grain_grows_with_the_root_of_the_light(changed) -> None:
    dark, bright = (
        (changed(flat(level), IsoNoise(grain=6.0, color=0.0, p=1.0)) - level).std() for level in (40, 200)
    )
    assert bright / dark == pytest.approx(np.sqrt((200 + 16) / (40 + 16)), rel=0.04)


@pytest.mark.parametrize("apart", [False, True])
def test_pixels_are_lost_as_often_as_told(changed, noise, apart) -> None:
    pixels = noise(8, SIDE, SIDE) // 2 + 100
    made = changed(pixels, PixelDropout(share=0.2, level=7.0, apart=apart, p=1.0))
    lost = np.abs(made - 7) < 1e-3
    assert lost.mean() == pytest.approx(0.2, abs=0.01)
    assert np.abs(made - pixels)[~lost].max() < 1e-3
    assert lost.all(axis=3).mean() == pytest.approx(0.008 if apart else 0.2, abs=0.01)


@pytest.mark.parametrize("op", [LaplaceNoise(grey=True, p=1.0), SpeckleNoise(grey=True, p=1.0)])
def test_grey_noise_is_the_same_in_all_channels(changed, op) -> None:
    noise = changed(flat(120), op) - 120
    assert np.ptp(noise, axis=3).max() < 1e-3
    assert noise.std() > 1


def test_grey_shot_noise_moves_all_channels_alike(changed) -> None:
    pixels = np.tile(np.array([110, 130, 150], np.uint8), (2, SIDE, SIDE, 1))
    noise = changed(pixels, PoissonNoise(photons=200.0, grey=True, p=1.0)) - pixels
    # Levels that lie in the middle between two are rounded to the even one.
    assert np.ptp(noise, axis=3).max() < 1.01
    assert noise.var() == pytest.approx(130 * 255 / 200, rel=0.05)


@pytest.mark.parametrize("name", NOISY)
def test_noise_of_pictures_epochs_and_seeds_is_independent(batch_of, name) -> None:
    op = NOISY[name]
    now = levels_of(op, flat(120), batch_of)
    others = [
        now[[1, 2, 3, 0]],
        levels_of(op, flat(120), batch_of, epoch=1),
        levels_of(op, flat(120), batch_of, seed=2),
    ]
    for other in others:
        for one, two in zip(now, other, strict=True):
            assert abs(np.corrcoef(one[..., 0].ravel(), two[..., 0].ravel())[0, 1]) < 0.09
    assert abs(_correlation_of_shifted(now[0, ..., 0], 7)) < 0.09


def _correlation_of_shifted(plane: np.ndarray, by: int) -> float:
    return float(np.corrcoef(plane[by:].ravel(), plane[:-by].ravel())[0, 1])


@pytest.mark.parametrize("name", NOISY)
def test_noise_is_the_same_in_any_batch_and_any_order(batch_of, noise, name) -> None:
    pixels = noise(6, SIDE, SIDE)
    whole = levels_of(NOISY[name], pixels, batch_of)
    for picked in ([5], [3, 1, 4]):
        made = levels_of(NOISY[name], pixels[picked], batch_of, draws=np.array(picked))
        assert np.array_equal(made, whole[picked])


def test_webp_artifacts_are_those_of_pillow(changed) -> None:
    coarse = np.random.default_rng(1).normal(0, 1, (1, SIDE, SIDE, 3))
    pixels = np.clip(128 + 300 * ndimage.gaussian_filter(coarse, (0, 2, 2, 0)), 0, 255).astype(np.uint8)
    errors = []
    for quality in (5, 50, 95):
        file = io.BytesIO()
        Image.fromarray(pixels[0]).save(file, "WEBP", quality=quality, method=2)
        made = changed(pixels, WebpArtifacts(quality=float(quality), p=1.0))[0]
        assert np.abs(made - np.array(Image.open(file).convert("RGB"))).max() < 1e-3
        errors.append(((made - pixels[0]) ** 2).mean())
    assert errors == sorted(errors, reverse=True)
    assert errors[2] > 0


def test_uniform_noise_is_even_within_its_reach(changed) -> None:
    noise = changed(flat(128), UniformNoise(reach=10.4, p=1.0)) - 128
    shares = np.array([(np.abs(noise - level) < 0.01).mean() for level in range(-10, 11)])
    assert shares.sum() == pytest.approx(1)
    assert np.abs(shares[1:-1] - 1 / 20.8).max() < 0.004
    assert np.abs(np.corrcoef(noise.reshape(-1, 3).T) - np.eye(3)).max() < 0.05
    grey = changed(flat(128), UniformNoise(reach=10.4, grey=True, p=1.0))
    assert np.ptp(grey, axis=3).max() < 1e-3


def test_counts_are_those_of_poisson_with_a_sign(changed) -> None:
    noise = np.rint(changed(flat(128), CountNoise(mean=4.0, p=1.0)) - 128)
    assert noise.mean() == pytest.approx(0, abs=0.1)
    for count in range(9):
        share = (np.abs(noise) == count).mean()
        assert share == pytest.approx(stats.poisson.pmf(count, 4.0), abs=0.006)


def test_specks_may_hit_single_channels(changed) -> None:
    made = np.rint(changed(flat(128), SaltAndPepper(share=0.3, apart=True, p=1.0)))
    hit = made != 128
    assert hit.mean() == pytest.approx(0.3, abs=0.01)
    assert (made == 255).mean() == pytest.approx(0.15, abs=0.01)
    assert hit.all(axis=3).mean() == pytest.approx(0.3**3, abs=0.01)


def test_color_of_a_jpeg_may_be_halved(changed) -> None:
    stripes = np.zeros((1, SIDE, SIDE, 3), np.uint8)
    stripes[:, :, ::2], stripes[:, :, 1::2] = (200, 90, 90), (90, 148, 90)
    full, halved = (changed(stripes, JpegArtifacts(quality=95.0, halved=h, p=1.0)) for h in (False, True))
    red_less_green = [np.ptp((one[..., 0] - one[..., 1]).mean(axis=(0, 1))) for one in (full, halved)]
    assert red_less_green[0] > 120
    assert red_less_green[1] < 40
