"""`Codebook`: the vectors that may stand at each place of a map, learned as running means."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

# Batches over which a mean forgets; early on a tenth of those seen, so that the random start is forgotten.
_HORIZON = 100.0
# A code that is used less than this share of an even use is of no use.
_DEAD = 0.03
_SMALL = 1e-5


class Codebook(nn.Module):
    """k vectors; each is the running mean of the points that lie nearest to it.

    All numbers are buffers: no gradient moves them. Codes that hardly any point lies near start anew
    at a point chosen at random, all of them at the first points that are seen.

    Args:
        codes: how many, k.
        channels: numbers in each, d.
    Source:
        van den Oord et al. 2017, arXiv:1711.00937, appendix A.1. Departures: dead codes start anew, as
        in Dhariwal et al. 2020, arXiv:2005.00341, section 3.1; means forget faster early on.
    """

    vectors: Tensor
    counts: Tensor
    sums: Tensor
    batches: Tensor

    def __init__(self, codes: int, channels: int) -> None:
        super().__init__()
        self.register_buffer("vectors", torch.randn(codes, channels))
        self.register_buffer("counts", torch.zeros(codes))
        self.register_buffer("sums", torch.zeros(codes, channels))
        self.register_buffer("batches", torch.zeros((), dtype=torch.long))

    def nearest(self, points: Float[Tensor, "n d"]) -> Int[Tensor, " n"]:
        """The number of the vector nearest to each point; of equally near ones the first."""
        with torch.no_grad(), torch.autocast(points.device.type, enabled=False):
            points = points.float()
            distances = (self.vectors**2).sum(1) - 2 * points @ self.vectors.T
            return distances.argmin(1)

    @torch.no_grad()
    def follow(self, points: Float[Tensor, "n d"], numbers: Int[Tensor, " n"], *, restart: bool) -> None:
        """Move each vector towards the mean of its points.

        Args:
            points: from the encoder.
            numbers: the code of each.
            restart: whether dead codes start anew; else they stay where they are.
        """
        points = points.detach().float()
        codes = len(self.counts)
        self.batches += 1
        decay = math.exp(-1 / min(_HORIZON, int(self.batches) / 10))
        used = torch.bincount(numbers, minlength=codes).to(points.dtype)
        added = torch.zeros_like(self.sums).index_add_(0, numbers, points)
        self.counts.lerp_(used, 1 - decay)
        self.sums.lerp_(added, 1 - decay)
        even = len(points) / codes
        if restart:
            dead = (self.counts < _DEAD * even).nonzero().flatten()
            chosen = torch.randint(len(points), (len(dead),), device="cpu").to(points.device)
            self.counts[dead] = even
            self.sums[dead] = even * points[chosen]
        # Where nothing came for long both are next to 0, and their ratio is no mean any more.
        known = self.counts > _SMALL * even
        means = self.sums / self.counts.clamp(min=_SMALL * even)[:, None]
        self.vectors.copy_(torch.where(known[:, None], means, self.vectors))

    def perplexity(self, numbers: Int[Tensor, " n"]) -> Float[Tensor, ""]:
        """How many codes these would be if all were used evenly, in [1, k]."""
        share = torch.bincount(numbers, minlength=len(self.counts)).float() / numbers.numel()
        return (-torch.xlogy(share, share).sum()).exp()
