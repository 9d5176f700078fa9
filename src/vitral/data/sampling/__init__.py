"""Which pictures an epoch shows, how often and in which order: one file a way of sampling."""

from vitral.data.sampling.balanced import Balanced
from vitral.data.sampling.in_order import InOrder
from vitral.data.sampling.sampling import Sampling
from vitral.data.sampling.shuffled import Shuffled
from vitral.data.sampling.weighted import Weighted

__all__ = ["Balanced", "InOrder", "Sampling", "Shuffled", "Weighted"]
