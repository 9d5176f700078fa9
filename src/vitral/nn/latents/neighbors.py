"""`nearest_classes`: the class that the nearest known points have most often."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

_AT_ONCE = 1024


def nearest_classes(
    points: Float[Tensor, "n d"], known: Float[Tensor, "m d"], labels: Int[Tensor, " m"], *, k: int
) -> Int[Tensor, " n"]:
    """The class of each point by a vote of its k nearest known points, by the cosine.

    A vote weighs as much as its cosine; of two classes that weigh the same the lower number wins.

    Args:
        points: to be told.
        known: with known classes, at least one.
        labels: their classes, at least 0.
        k: how many vote; all where there are fewer.
    """
    lengths = functional.normalize(known, dim=1)
    found: list[Tensor] = []
    for some in points.split(_AT_ONCE):
        likeness = functional.normalize(some, dim=1) @ lengths.T
        nearest = likeness.topk(min(k, len(known)), dim=1)
        # Between 0 and 2, so that no vote counts against its own class.
        votes = torch.zeros(len(some), int(labels.max()) + 1, device=points.device)
        votes.scatter_add_(1, labels[nearest.indices], 1 + nearest.values.to(votes.dtype))
        found.append(votes.argmax(1))
    return torch.cat(found) if found else labels.new_zeros(0)
