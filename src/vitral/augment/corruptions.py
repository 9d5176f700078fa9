"""`corruption`: the fifteen corruptions of ImageNet-C, each as a plain chain of ops."""

from collections.abc import Callable, Mapping

from vitral.augment.op import Op
from vitral.augment.ops.affine_jitter import AffineJitter
from vitral.augment.ops.channel_contrast import ChannelContrast
from vitral.augment.ops.defocus import Defocus
from vitral.augment.ops.downscale import Downscale
from vitral.augment.ops.elastic import Elastic
from vitral.augment.ops.frost import Frost
from vitral.augment.ops.gaussian_noise import GaussianNoise
from vitral.augment.ops.glass_blur import GlassBlur
from vitral.augment.ops.haze import Haze
from vitral.augment.ops.hsv_shift import HsvShift
from vitral.augment.ops.jpeg_artifacts import JpegArtifacts
from vitral.augment.ops.poisson_noise import PoissonNoise
from vitral.augment.ops.salt_and_pepper import SaltAndPepper
from vitral.augment.ops.sequence import Sequence
from vitral.augment.ops.snowfall import Snowfall
from vitral.augment.ops.trail_blur import TrailBlur
from vitral.augment.ops.zoom_blur import ZoomBlur
from vitral.core import OptionError, did_you_mean

SEVERITIES = (1, 2, 3, 4, 5)
"""The severities of a corruption."""


def corruption(name: str, severity: int) -> Sequence:
    """One of the fifteen corruptions of ImageNet-C, as a chain that can be printed and changed.

    They say how much a network loses on pictures that are worse than those it has learned from; to
    train with them spoils that. The numbers are those of the paper's code. Its lengths in pixels are
    for pictures of 224 x 224, and so are the lengths here: bring pictures to that size first.

    Every picture is changed. Departures, where there are any, are told by the ops. Besides, `zoom_blur`
    counts the picture itself once, not twice; levels are rounded after each op; and the paper saved its
    pictures as JPEGs of quality 85 in the end.

    Args:
        name: one of `CORRUPTIONS`.
        severity: one of `SEVERITIES`, 1 to 5.
    Raises:
        OptionError: an unknown name (with the nearest one) or severity.
    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3 and the tables of its code.
    """
    if name not in _CHAINS:
        near = did_you_mean(name, _CHAINS)
        raise OptionError(f"corruption: must be one of {', '.join(CORRUPTIONS)}, got {name!r}{near}")
    if severity not in SEVERITIES:
        raise OptionError(f"corruption.severity: must be one of 1, 2, 3, 4, 5, got {severity!r}")
    return Sequence(ops=_CHAINS[name](severity - 1))


def _gaussian_noise(k: int) -> tuple[Op, ...]:
    return (GaussianNoise(deviation=(20.4, 30.6, 45.9, 66.3, 96.9)[k], p=1.0),)


def _shot_noise(k: int) -> tuple[Op, ...]:
    return (PoissonNoise(photons=(60.0, 25.0, 12.0, 5.0, 3.0)[k], p=1.0),)


def _impulse_noise(k: int) -> tuple[Op, ...]:
    return (SaltAndPepper(share=(0.03, 0.06, 0.09, 0.17, 0.27)[k], apart=True, p=1.0),)


def _defocus_blur(k: int) -> tuple[Op, ...]:
    return (Defocus(radius_px=(3.0, 4.0, 6.0, 8.0, 10.0)[k], p=1.0),)


def _glass_blur(k: int) -> tuple[Op, ...]:
    sigma, reach, rounds = ((0.7, 1.0, 2), (0.9, 2.0, 1), (1.0, 2.0, 3), (1.1, 3.0, 2), (1.5, 4.0, 2))[k]
    return (GlassBlur(reach_px=reach, sigma_px=sigma, rounds=rounds, p=1.0),)


def _motion_blur(k: int) -> tuple[Op, ...]:
    # ImageMagick's line is twice as long as the radius it is given.
    reach, sigma = ((20.0, 3.0), (30.0, 5.0), (30.0, 8.0), (30.0, 12.0), (40.0, 15.0))[k]
    return (TrailBlur(reach_px=reach, sigma_px=sigma, deg=(-45.0, 45.0), p=1.0),)


def _zoom_blur(k: int) -> tuple[Op, ...]:
    return (ZoomBlur(factor=(1.11, 1.15, 1.2, 1.24, 1.3)[k], p=1.0),)


def _snow(k: int) -> tuple[Op, ...]:
    mean, size, threshold, reach, sigma, pale = (
        (0.1, 3.0, 0.5, 20.0, 4.0, 0.2),
        (0.2, 2.0, 0.5, 24.0, 4.0, 0.3),
        (0.55, 4.0, 0.9, 24.0, 8.0, 0.3),
        (0.55, 4.5, 0.85, 24.0, 8.0, 0.35),
        (0.55, 2.5, 0.85, 24.0, 12.0, 0.45),
    )[k]
    snowfall = Snowfall(
        mean=mean, size_px=size, threshold=threshold, reach_px=reach, sigma_px=sigma, pale=pale, p=1.0
    )
    return (snowfall,)


def _frost(k: int) -> tuple[Op, ...]:
    keep, ice = ((1.0, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))[k]
    return (Frost(keep=keep, ice=ice, cover=1.0, p=1.0),)


def _fog(k: int) -> tuple[Op, ...]:
    # Each finer part of the paper's clouds is weaker by the square of 2, 2, 1.7, 1.5, 1.4.
    light, rough = ((1.5, 0.25), (2.0, 0.25), (2.5, 0.346), (2.5, 0.444), (3.0, 0.51))[k]
    return (Haze(light=light, rough=rough, p=1.0),)


def _brightness(k: int) -> tuple[Op, ...]:
    return (HsvShift(plus_saturation=0.0, plus_value=(0.1, 0.2, 0.3, 0.4, 0.5)[k]),)


def _contrast(k: int) -> tuple[Op, ...]:
    return (ChannelContrast(factor=(0.4, 0.3, 0.2, 0.1, 0.05)[k]),)


def _elastic_transform(k: int) -> tuple[Op, ...]:
    # The paper's three numbers are all in parts of 244 pixels, for pictures of 224. Its first two severities
    # move a picture as a whole, the other three bend it; the deviation is 0.163 * alpha / sigma.
    reach = (0.1089, 0.2179, 0.0218, 0.0218, 0.0218)[k]
    deviation, sigma = ((0.466, 170.8), (4.08, 19.52), (0.815, 2.44), (1.14, 2.44), (1.96, 2.44))[k]
    return (AffineJitter(reach=reach), Elastic(deviation_px=deviation, sigma_px=sigma, p=1.0))


def _pixelate(k: int) -> tuple[Op, ...]:
    # The paper makes 134, 112, 89, 67 and 56 of 224 pixels.
    return (Downscale(factor=224 / (134, 112, 89, 67, 56)[k], by="nearest", p=1.0),)


def _jpeg_compression(k: int) -> tuple[Op, ...]:
    return (JpegArtifacts(quality=(25.0, 18.0, 15.0, 10.0, 7.0)[k], halved=True, p=1.0),)


_CHAINS: Mapping[str, Callable[[int], tuple[Op, ...]]] = {
    "gaussian_noise": _gaussian_noise,
    "shot_noise": _shot_noise,
    "impulse_noise": _impulse_noise,
    "defocus_blur": _defocus_blur,
    "glass_blur": _glass_blur,
    "motion_blur": _motion_blur,
    "zoom_blur": _zoom_blur,
    "snow": _snow,
    "frost": _frost,
    "fog": _fog,
    "brightness": _brightness,
    "contrast": _contrast,
    "elastic_transform": _elastic_transform,
    "pixelate": _pixelate,
    "jpeg_compression": _jpeg_compression,
}

CORRUPTIONS = tuple(_CHAINS)
"""The corruptions that `corruption` knows, in the order of the paper's tables."""
