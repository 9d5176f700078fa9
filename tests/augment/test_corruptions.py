"""The corruptions of ImageNet-C: plain chains that do more damage with every severity."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from vitral.augment import CORRUPTIONS, Op, Sequence, corruption
from vitral.core import OptionError

SIDE = 224
every = pytest.mark.parametrize("name", CORRUPTIONS)
# What these add is about as bright as what they take away: levels do not say how much is left.
VEILS = ("fog", "frost")
PAPER = (
    "gaussian_noise",
    "shot_noise",
    "impulse_noise",
    "defocus_blur",
    "glass_blur",
    "motion_blur",
    "zoom_blur",
    "snow",
    "frost",
    "fog",
    "brightness",
    "contrast",
    "elastic_transform",
    "pixelate",
    "jpeg_compression",
)


def photograph() -> np.ndarray:
    """Structure of all sizes, as photographs have it: amplitudes fall with the frequency."""
    numbers = np.random.default_rng(5)
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE))
    frequency[0, 0] = 1
    waves = np.fft.fft2(numbers.normal(size=(3, SIDE, SIDE))) / frequency
    planes = np.real(np.fft.ifft2(waves)).transpose(1, 2, 0)
    shared = planes.mean(axis=2, keepdims=True) * 2 + planes * 0.5
    return np.clip(100 + 45 * (shared - shared.mean()) / shared.std(), 0, 255).astype(np.uint8)[None]


def psnr(made: np.ndarray, pixels: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / ((made - pixels) ** 2).mean()))


def test_they_are_those_of_the_paper() -> None:
    assert CORRUPTIONS == PAPER


@every
@pytest.mark.parametrize("severity", [1, 5])
def test_it_is_a_plain_chain_that_survives_json(name, severity) -> None:
    chain = corruption(name, severity)
    assert isinstance(chain, Sequence)
    assert not any(isinstance(op, Sequence) for op in chain.ops)
    assert Op.from_json(chain.to_json()) == chain
    assert repr(chain).startswith("Sequence(ops=(")


@pytest.mark.parametrize("name", [name for name in CORRUPTIONS if name not in (*VEILS, "elastic_transform")])
def test_pictures_get_worse_with_severity(changed, name) -> None:
    pixels = photograph()
    found = [psnr(changed(pixels, corruption(name, severity)), pixels) for severity in range(1, 6)]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == 5
    assert 5 < found[-1] < found[0] - 1 < 40


@pytest.mark.parametrize("name", VEILS)
def test_less_of_a_picture_is_seen_with_severity(changed, name) -> None:
    """How far a step of 40 levels is still apart, and how much stronger the veil's own structure is."""
    dark, light = (np.full((1, SIDE, SIDE, 3), level, np.uint8) for level in (20, 60))
    # Fog keeps the brightest level of a picture.
    dark[0, 0, 0] = light[0, 0, 0] = 255
    left, veil = [], []
    for severity in range(1, 6):
        chain = corruption(name, severity)
        low, high = changed(dark, chain), changed(light, chain)
        left.append(float((high - low).mean()) / 40)
        veil.append(float((low - ndimage.gaussian_filter(low, (0, 4, 4, 0))).std()))
    assert all(after <= before + 0.02 for before, after in pairwise(left))
    assert left[-1] < 0.8 * left[0]
    assert veil[-1] > veil[0]


@every
def test_every_picture_is_changed_each_in_its_own_way(changed, name) -> None:
    pixels = np.repeat(photograph()[:, :64, :64], 3, axis=0)
    made = changed(pixels, corruption(name, 3))
    assert (np.abs(made - pixels).mean(axis=(1, 2, 3)) > 0.5).all()
    same = name in ("defocus_blur", "zoom_blur", "brightness", "contrast", "pixelate", "jpeg_compression")
    assert np.array_equal(made[0], made[1]) == same


def test_rubber_is_moved_more_or_bent_more(changed) -> None:
    """The paper's first two severities move a picture as a whole, and the other three bend it."""
    pixels = np.repeat(photograph(), 4, axis=0)
    found = [psnr(changed(pixels, corruption("elastic_transform", s)), pixels) for s in range(1, 6)]
    assert found[0] > found[1]
    assert found[2] > found[3] > found[4]
    assert found[1] < found[4]


def test_contrast_and_brightness_are_those_of_the_paper(changed) -> None:
    pixels = photograph()
    means = pixels.mean(axis=(1, 2), keepdims=True)
    made = changed(pixels, corruption("contrast", 2))
    assert np.abs(made - np.clip((pixels - means) * 0.3 + means, 0, 255)).max() < 0.02
    high = pixels.max(axis=3, keepdims=True).astype(float)
    lighter = pixels * np.minimum(high + 0.4 * 255, 255) / np.maximum(high, 1)
    made = changed(pixels, corruption("brightness", 4))
    assert np.abs(made - lighter)[(high > 0)[..., 0]].max() < 0.51


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"corruption: must be one of .*'frst'; did you mean 'frost'\?"):
        corruption("frst", 1)


@pytest.mark.parametrize("severity", [0, 6, 2.5])
def test_an_unknown_severity_is_refused(severity) -> None:
    with pytest.raises(OptionError, match=r"corruption\.severity: must be one of 1, 2, 3, 4, 5, got"):
        corruption("fog", severity)
