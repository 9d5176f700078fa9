"""From a distribution over bins to one color: the annealed mean."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from vitral.nn.color.bins import ab_bins


def annealed_mean(scores: Float[Tensor, "b q h w"], *, temperature: float) -> Float[Tensor, "b ab=2 h w"]:
    """The mean color after the distribution was sharpened: 1 is the mean, towards 0 the mode.

    Args:
        scores: before softmax.
        temperature: above 0.
    Source:
        Zhang, Isola, Efros 2016, arXiv:1603.08511, section 2.3, eq. 5.
    """
    shares = (scores.float() / temperature).softmax(1)
    bins = torch.from_numpy(ab_bins().copy()).to(scores.device)
    with torch.autocast(scores.device.type, enabled=False):
        return torch.einsum("bqhw,qc->bchw", shares, bins)


def confidence(scores: Float[Tensor, "b q h w"]) -> Float[Tensor, "b h w"]:
    """One minus the entropy of each distribution over the largest possible entropy, in [0, 1]."""
    logs = scores.float().log_softmax(1)
    entropy = -(logs.exp() * logs).sum(1)
    return (1 - entropy / math.log(scores.shape[1])).clamp(0, 1)
