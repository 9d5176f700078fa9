"""BD-rate and MS-SSIM against what is known of them."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d

from vitral.core import DataError, ShapeError
from vitral.nn import bd_rate, ms_ssim, ms_ssim_db

CURVE = [(0.1, 25.0), (0.2, 28.0), (0.5, 32.0), (1.0, 36.0), (2.0, 41.0)]


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.0, 1.7])
def test_a_constant_factor_on_the_rate_is_the_bd_rate(factor):
    found = bd_rate(CURVE, [(factor * rate, quality) for rate, quality in CURVE])
    assert found is not None
    assert found[0] == pytest.approx(100 * (factor - 1), abs=1e-9)
    assert found[1] == (25.0, 41.0)


def test_only_the_common_qualities_count():
    better_above = [(rate if quality < 33 else rate / 4, quality) for rate, quality in CURVE[:3]]
    found = bd_rate(CURVE, [*better_above, (0.55, 33.0)])
    assert found is not None
    assert found[1] == (25.0, 33.0)


def test_the_order_of_points_and_useless_ones_change_nothing():
    plain = bd_rate(CURVE, [(0.15, 26.0), (0.4, 34.0)])
    spoiled = bd_rate(CURVE[::-1], [(0.4, 34.0), (0.5, 33.0), (0.15, 26.0)])
    assert plain == spoiled


def test_curves_without_a_common_quality_cannot_be_compared():
    assert bd_rate(CURVE, [(0.1, 50.0), (0.2, 60.0)]) is None


def test_a_curve_needs_two_points():
    with pytest.raises(DataError, match="must have at least two points, got 1"):
        bd_rate(CURVE, [(0.1, 30.0)])


def test_a_rate_must_be_positive():
    with pytest.raises(DataError, match=r"rates must be above 0 and finite, got 0.0 at 30.0 dB"):
        bd_rate(CURVE, [(0.0, 30.0), (0.2, 31.0)])


def test_ms_ssim_is_what_the_paper_writes():
    random = np.random.default_rng(0)
    first = random.random((190, 201))
    second = np.clip(first + 0.1 * random.standard_normal(first.shape), 0, 1)
    found = ms_ssim(*(torch.from_numpy(one)[None, None] for one in (first, second)))
    assert float(found[0]) == pytest.approx(_by_the_paper(first, second), rel=1e-6)


def test_equal_pictures_are_alike_and_noise_makes_them_less_so():
    torch.manual_seed(0)
    pictures = torch.rand(2, 3, 40, 30)
    assert ms_ssim(pictures, pictures).tolist() == pytest.approx([1.0, 1.0], abs=1e-6)
    one, two = (ms_ssim(pictures, pictures + amount * torch.randn_like(pictures)) for amount in (0.05, 0.2))
    assert (one > two).all()


def test_decibels_of_likeness_have_a_ceiling():
    assert ms_ssim_db(0.9) == pytest.approx(10)
    assert ms_ssim_db(1.0) == 60.0


def test_pictures_of_other_shapes_have_no_likeness():
    with pytest.raises(ShapeError, match="both must be b x c x h x w of one shape"):
        ms_ssim(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 9))


def _by_the_paper(first, second):
    at = np.arange(11) - 5
    window = np.exp(-(at**2) / (2 * 1.5**2))
    window /= window.sum()

    def blurred(picture):
        for axis in (0, 1):
            picture = correlate1d(picture, window, axis=axis)
        return picture[5:-5, 5:-5]

    result = 1.0
    for number, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        mean1, mean2 = blurred(first), blurred(second)
        var1, var2 = blurred(first**2) - mean1**2, blurred(second**2) - mean2**2
        both = blurred(first * second) - mean1 * mean2
        contrast = ((2 * both + 0.03**2) / (var1 + var2 + 0.03**2)).mean()
        luminance = ((2 * mean1 * mean2 + 0.01**2) / (mean1**2 + mean2**2 + 0.01**2)).mean()
        result *= math.pow(contrast * (luminance if number == 4 else 1), weight)
        height, width = (side // 2 * 2 for side in first.shape)
        first, second = (_halved(one, height, width) for one in (first, second))
    return result


def _halved(picture, height, width):
    # An odd last row or column is averaged with itself.
    padded = np.pad(picture, [(0, side % 2) for side in picture.shape], mode="edge")
    return np.mean([padded[row::2, column::2] for row in (0, 1) for column in (0, 1)], axis=0)
