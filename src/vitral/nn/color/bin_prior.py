"""`BinPrior`: how often each color comes, and how much a rare one counts."""

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from vitral.nn.color.bins import BINS, ab_bins
from vitral.nn.color.lab_tensors import lab_of
from vitral.nn.color.soft_encoding import soft_encoding
from vitral.nn.data_dependent import DataDependent

_SIGMA = 5.0
_MIX = 0.5
_CHUNK = 64
# A color that never came in the sample may still come.
_LEAST = 1e-5


class BinPrior(nn.Module, DataDependent):
    """Shares of the bins in training pictures, smoothed, and the weights that make up for them.

    weight of bin q = 1 / ((1 - mix) share of q + mix / Q), scaled so that the mean weight over the
    training pictures is one. Until `prepare` was called all bins are equal.

    Args:
        stride: pixels on a side over which colors are averaged before they are counted.
        mix: share of the uniform distribution, in [0, 1]; 1 weighs all colors alike.
    Source:
        Zhang, Isola, Efros 2016, arXiv:1603.08511, section 2.2, eq. 4 (lambda 0.5, sigma 5).
        Departure: the soft encoding of the colors is counted.
    """

    shares: Tensor

    def __init__(self, *, stride: int, mix: float = _MIX) -> None:
        super().__init__()
        self.stride, self.mix = stride, mix
        self.register_buffer("shares", torch.full((BINS,), 1 / BINS))

    @torch.no_grad()
    def prepare(self, inputs: Float[Tensor, "b c=3 h w"]) -> None:
        """Count the colors of sRGB pictures on [0, 1]; those without any color are passed over."""
        counts = torch.zeros(BINS, dtype=torch.float64, device=inputs.device)
        for some in inputs.split(_CHUNK):
            ab = nn.functional.avg_pool2d(lab_of(some)[:, 1:], self.stride, ceil_mode=True)
            ab = ab[colored(ab)]
            numbers, shares = soft_encoding(ab)
            counts.index_add_(0, numbers.flatten(), shares.flatten().double())
        if counts.sum() > 0:
            found = smoothed((counts / counts.sum()).cpu().numpy())
            self.shares.copy_(torch.from_numpy(found))

    @property
    def weights(self) -> Float[Tensor, " q"]:
        """How much a pixel of each bin counts; the mean over training pictures is one."""
        flat = 1 / ((1 - self.mix) * self.shares + self.mix / BINS)
        return flat / (flat * self.shares).sum()

    @property
    def log_shares(self) -> Float[Tensor, " q"]:
        """Logarithm of how much each bin weighs in all of the loss: share times weight."""
        weighed = self.shares * self.weights
        return weighed.clamp(min=_LEAST).log()


def colored(ab: Float[Tensor, "b ab=2 h w"], *, least: float = 4.0) -> Tensor:
    """Which pictures have a color at all: somewhere a and b are `least` units from grey, b bools."""
    return ab.square().sum(1).amax((1, 2)) >= least**2


def smoothed(shares: Float[NDArray[np.float64], " q"]) -> Float[NDArray[np.float64], " q"]:
    """Shares of bins blurred over the ab plane by a Gaussian of 5 units; they add up to one."""
    bins = ab_bins().astype(np.float64)
    apart = ((bins[:, None] - bins[None]) ** 2).sum(2)
    kernel = np.exp(-apart / (2 * _SIGMA**2))
    found = kernel / kernel.sum(0, keepdims=True) @ shares
    return found / found.sum()
