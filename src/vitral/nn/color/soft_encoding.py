"""Colors as shares of the five nearest bins."""

import functools

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from vitral.nn.color.bins import ab_bins

NEAREST = 5
SIGMA = 5.0
# Beyond what any color of sRGB has.
_REACH = 112
_SIDE = 2 * _REACH + 1


def soft_encoding(
    ab: Float[Tensor, "b ab=2 h w"],
) -> tuple[Int[Tensor, "b n=5 h w"], Float[Tensor, "b n=5 h w"]]:
    """The five bins nearest to each color, nearest first, and their shares, which add up to one.

    Shares fall with the distance like a Gaussian. Colors are rounded to whole a and b first, a
    fifth of the Gaussian's width at most, so that a table answers.

    Args:
        ab: a and b of every pixel.
    Source:
        Zhang, Isola, Efros 2016, arXiv:1603.08511, section 2.2 (sigma 5, five neighbors).
    """
    numbers, shares = _tables(ab.device)
    place = _place(ab)
    return numbers[place].permute(0, 3, 1, 2), shares[place].permute(0, 3, 1, 2)


def nearest_bin(ab: Float[NDArray[np.floating], "*n ab=2"]) -> Int[NDArray[np.int64], "*n"]:
    """The number of the bin nearest to each color."""
    numbers, _ = _tables(torch.device("cpu"))
    whole = np.clip(np.rint(ab), -_REACH, _REACH).astype(np.int64) + _REACH
    return numbers[:, 0].numpy()[whole[..., 0] * _SIDE + whole[..., 1]]


def _place(ab: Tensor) -> Tensor:
    whole = ab.round().clamp(-_REACH, _REACH).long() + _REACH
    return whole[:, 0] * _SIDE + whole[:, 1]


@functools.cache
def _tables(device: torch.device) -> tuple[Tensor, Tensor]:
    """Numbers and shares for every whole a and b."""
    # In numpy, which no autocast reaches.
    axis = np.arange(-_REACH, _REACH + 1, dtype=np.float32)
    plane = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=2).reshape(-1, 1, 2)
    apart = np.square(plane - ab_bins()).sum(2)
    numbers = np.argsort(apart, axis=1, kind="stable")[:, :NEAREST]
    near = np.take_along_axis(apart, numbers, axis=1)
    # Relative to the nearest, so that far outside of the gamut nothing is divided by zero.
    weight = np.exp((near[:, :1] - near) / (2 * SIGMA**2))
    shares = weight / weight.sum(1, keepdims=True)
    return torch.from_numpy(numbers).to(device), torch.from_numpy(shares.astype(np.float32)).to(device)
