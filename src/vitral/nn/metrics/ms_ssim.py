"""Structural similarity at several sizes: does a picture look the same?"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from vitral.core import ShapeError

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2


def ms_ssim(first: Float[Tensor, "b c h w"], second: Float[Tensor, "b c h w"]) -> Float[Tensor, " b"]:
    """Multi-scale structural similarity of pictures on [0, 1].

    The product over sizes, each half of the last, of contrast and structure, and of luminance at the
    smallest; the mean over channels. Sizes whose shorter side is under 11 px are left out, and the
    weights of the others scaled to the same sum, so small pictures have a number too.

    Args:
        first: pictures on [0, 1], float32 or wider.
        second: the others.
    Returns:
        Similarity of each pair, in [0, 1]; 1 for equal pictures.
    Raises:
        ShapeError: the shapes differ, or a side is empty.
    Source:
        Wang et al. 2003, "Multiscale structural similarity for image quality assessment", eq. 7.
        Departures: negative contrasts count as 0; fewer sizes for pictures under 176 px; below 11 px
        a window as large as the picture.
    """
    if first.shape != second.shape or first.ndim != 4 or 0 in first.shape:
        raise ShapeError(
            f"ms_ssim: both must be b x c x h x w of one shape, got {tuple(first.shape)} and "
            f"{tuple(second.shape)}"
        )
    short = min(first.shape[2:])
    scales = max(1, min(len(WEIGHTS), int(math.log2(max(short / _WINDOW, 1))) + 1))
    weights = [weight * sum(WEIGHTS) / sum(WEIGHTS[:scales]) for weight in WEIGHTS[:scales]]
    result = torch.ones(len(first), first.shape[1], dtype=first.dtype, device=first.device)
    for number, weight in enumerate(weights):
        luminance, contrast = _similarity(first, second)
        last = number + 1 == scales
        result = result * _power(luminance * contrast if last else contrast, weight)
        if not last:
            first, second = (functional.avg_pool2d(one, 2, ceil_mode=True) for one in (first, second))
    return result.mean(1)


def ms_ssim_db(similarity: float) -> float:
    """A similarity in decibels, -10 log10(1 - s), at most 60 (equal pictures)."""
    return min(60.0, -10 * math.log10(max(1 - similarity, 1e-6)))


def _similarity(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Mean luminance term, and mean contrast and structure term, of each picture and channel."""
    joined = torch.cat([first, second, first * first, second * second, first * second])
    mean1, mean2, square1, square2, product = _blurred(joined).chunk(5)
    both = mean1 * mean2
    variance = square1 - mean1 * mean1 + square2 - mean2 * mean2
    contrast = (2 * (product - both) + _C2) / (variance + _C2)
    luminance = (2 * both + _C1) / (mean1 * mean1 + mean2 * mean2 + _C1)
    return luminance.mean((2, 3)), contrast.mean((2, 3))


def _blurred(pictures: Tensor) -> Tensor:
    """A Gaussian window, where it fits into the picture."""
    channels = pictures.shape[1]
    for dim in (2, 3):
        length = min(_WINDOW, pictures.shape[dim])
        at = torch.arange(length, dtype=pictures.dtype, device=pictures.device) - (length - 1) / 2
        window = torch.exp(-(at**2) / (2 * _SIGMA**2))
        shape = (1, 1, length, 1) if dim == 2 else (1, 1, 1, length)
        kernel = (window / window.sum()).reshape(shape).expand(channels, 1, *shape[2:])
        pictures = functional.conv2d(pictures, kernel, groups=channels)
    return pictures


def _power(value: Tensor, exponent: float) -> Tensor:
    # Just above zero, where the slope of a root is still finite.
    return value.clamp(min=1e-6) ** exponent
