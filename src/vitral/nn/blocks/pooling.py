"""Pooling that takes pictures of any size."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def halve(features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h2 w2"]:
    """Keep the largest of each 2 x 2 square; a side of 1 stays 1, an odd rest is dropped."""
    height, width = features.shape[2:]
    return functional.max_pool2d(features, (min(2, height), min(2, width)))
