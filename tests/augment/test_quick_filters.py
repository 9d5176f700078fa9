"""Compiled filters and noise, against NumPy, SciPy, OpenCV and Pillow."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps
from scipy import ndimage, stats

from vitral.augment.kernels.photons import count_photons
from vitral.augment.ops.averages import shrunk
from vitral.augment.ops.grain import EVEN, LAPLACE, NORMAL, grained, numbers, struck
from vitral.augment.ops.neighbors import correlated, medians, softened
from vitral.augment.ops.stretches import changed_levels, equalized, stretched
from vitral.augment.route import Displacement, Route

KEY = np.array([12345, 67890], np.uint32)


def picture(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("kind", "law"),
    [(NORMAL, stats.norm()), (LAPLACE, stats.laplace(scale=0.5**0.5)), (EVEN, stats.uniform(-1, 2))],
)
def test_numbers_follow_their_law(kind, law) -> None:
    made = numbers(KEY, kind, 1_000_000).astype(float)
    assert stats.kstest(made, law.cdf).pvalue > 1e-3
    assert stats.kurtosis(made) == pytest.approx(float(law.stats("k")), abs=0.12)
    for z in (-4.0, -3.0, -0.9, 0.5, 3.0, 4.0):
        want = law.cdf(z)
        assert (made < z).mean() == pytest.approx(want, abs=5 * np.sqrt(want * (1 - want) / 1e6) + 1e-9)


@pytest.mark.parametrize("apart", [1, 2, 3, 7, 1500, 65536])
def test_numbers_do_not_depend_on_their_neighbors(apart) -> None:
    made = numbers(KEY, NORMAL, 1_000_000).astype(float)
    for one in (made, made**2, np.abs(made)):
        assert abs(np.corrcoef(one[apart:], one[:-apart])[0, 1]) < 0.005


@pytest.mark.parametrize("bit", [0, 1, 15, 31])
@pytest.mark.parametrize("half", [0, 1])
def test_numbers_of_keys_that_differ_in_a_bit_are_independent(half, bit) -> None:
    other = KEY.copy()
    other[half] ^= np.uint32(1 << bit)
    one, two = (numbers(key, NORMAL, 500_000) for key in (KEY, other))
    for shift in range(3):
        assert abs(np.corrcoef(one[shift:], two[: len(two) - shift])[0, 1]) < 0.007


def test_noise_of_a_part_is_that_of_the_whole() -> None:
    long, short = (numbers(KEY, NORMAL, count) for count in (10_000, 3_500))
    assert np.array_equal(long[:3_500], short)
    grey = grained(np.full((50, 61, 3), 128, np.uint8), KEY, NORMAL, plus=20.0, grey=True).astype(int)
    assert np.ptp(grey, axis=2).max() == 0
    assert np.abs(grey[..., 0] - np.rint(128 + 20 * numbers(KEY, NORMAL, 50, 61))).max() <= 1


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_as_many_pixels_are_struck_as_told(share, apart) -> None:
    pixels = np.full((300, 301, 3), 100, np.uint8)
    made = struck(pixels, KEY, shares=(share / 2, share / 2), levels=(255, 0), apart=apart)
    for level, want in ((255, share / 2), (0, share / 2), (100, 1 - share)):
        assert (made == level).mean() == pytest.approx(want, abs=0.006 if 0 < want < 1 else 0)


@pytest.mark.parametrize(("unit", "level"), [(0.02, 10), (0.1, 200), (1.0, 120), (3.9, 255), (40.0, 100)])
def test_photons_are_counted_as_poisson_has_it(unit, level) -> None:
    count, made = 600_000, np.empty(600_000, np.uint8)
    count_photons(np.full(count, level, np.uint8), *KEY, unit, False, made)
    chances = stats.poisson.pmf(np.arange(8000), level * unit)
    levels = np.minimum(np.rint(np.arange(8000) / unit), 255).astype(int)
    want = np.bincount(levels, chances, 256) * count
    often = want > 5
    apart = ((np.bincount(made, minlength=256) - want)[often] ** 2 / want[often]).sum()
    assert stats.chi2.sf(apart, max(often.sum() - 1, 1)) > 1e-3


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0, 2.7, 12.0])
@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (40, 61)])
def test_a_softer_picture_is_that_of_scipy(shape, sigma) -> None:
    pixels, reach = picture(*shape), int(np.ceil(3 * sigma))
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    want = pixels.astype(float)
    for axis in (0, 1):
        want = ndimage.convolve1d(want, weights / weights.sum(), axis=axis, mode="mirror")
    assert np.abs(softened(pixels, sigma) - want).max() < 1.3
    away = np.clip(pixels + 0.7 * (pixels - want), 0, 255)
    assert np.abs(softened(pixels, sigma, away=0.7) - away).max() < 1.3


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_even_surfaces_stay_as_they_are(level) -> None:
    pixels = np.full((9, 11, 3), level, np.uint8)
    kernel = np.random.default_rng(0).random((5, 3)).astype(np.float32)
    assert (softened(pixels, 3.3) == level).all()
    assert (correlated(pixels, kernel / kernel.sum()) == level).all()


@pytest.mark.parametrize("sides", [(1, 1), (3, 5), (7, 7), (27, 27)])
@pytest.mark.parametrize("average", [False, True])
def test_a_kernel_weighs_neighbors_as_opencv_does(sides, average) -> None:
    pixels, kernel = picture(40, 61), np.random.default_rng(1).normal(size=sides).astype(np.float32)
    kernel = np.abs(kernel) / np.abs(kernel).sum() if average else kernel / np.abs(kernel).sum()
    want = cv2.filter2D(pixels.astype(np.float64), -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    assert np.abs(correlated(pixels, kernel) - np.clip(want, 0, 255)).max() < (1.6 if average else 0.51)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (5, 3), (30, 41)])
@pytest.mark.parametrize("reach", [0, 1, 2, 3, 4])
def test_medians_are_those_of_opencv(shape, reach) -> None:
    pixels = picture(*shape)
    assert np.array_equal(medians(pixels, reach), cv2.medianBlur(pixels, 2 * reach + 1))


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (13, 31), (40, 61)])
def test_averages_of_areas_are_those_of_opencv(size) -> None:
    pixels = picture(40, 61)
    want = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk(pixels, *size).astype(int) - want).max() <= 1


@pytest.mark.parametrize("seed", range(12))
def test_levels_are_spread_and_stretched_as_pillow_does(seed) -> None:
    numbers_ = np.random.default_rng(seed)
    low, tall, wide = numbers_.integers(0, 200), *numbers_.integers(1, 60, 2)
    pixels = numbers_.integers(low, numbers_.integers(low + 1, 257), (tall, wide, 3)).astype(np.uint8)
    pixels[..., 1] = 9 if seed % 4 == 0 else pixels[..., 1]
    there = Image.fromarray(pixels)
    assert np.array_equal(changed_levels(pixels, equalized), np.array(ImageOps.equalize(there)))
    for cutoff in (0.0, 5.5, 49.0):
        made = changed_levels(pixels, lambda counts, cutoff=cutoff: stretched(counts, cutoff))
        assert np.array_equal(made, np.array(ImageOps.autocontrast(there, cutoff=cutoff)))


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("nodes", [(6, 6), (33, 20), (2, 3), (1, 1)])
def test_centers_are_the_places_less_half_a_pixel(nodes, smooth) -> None:
    random = np.random.default_rng(2)
    bend = Displacement(nodes=random.normal(0, 9, (*nodes, 2)), canvas=(75.0, 100.0), smooth=smooth)
    turn = np.array([[0.5, 0.1, 3], [0.02, 0.7, -5], [0, 0, 1.0]])
    upright = np.array([[1.1, 0, -40], [0, -0.9, 70], [0, 0, 1.0]])
    deep = np.array([[1, 0, 0], [0, 1, 0], [1e-3, 0, 1.0]])
    for steps in (
        (bend,),
        (turn, bend),
        (turn, bend, upright),
        (bend, turn),
        (deep, bend),
        (turn, bend, turn, bend),
    ):
        route = Route(steps)
        assert np.abs(route.centers(75, 100) - (route.places(75, 100) - 0.5)).max() < 1e-3
