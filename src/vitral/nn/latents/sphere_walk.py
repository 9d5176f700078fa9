"""`sphere_walk`: from one latent to another without leaving the shell where latents lie."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from vitral.core import ShapeError

_NEARLY = 1e-4


def sphere_walk(first: Float[Tensor, " d"], last: Float[Tensor, " d"], steps: int) -> Float[Tensor, "n d"]:
    """Latents from one to the other along an arc, both ends included.

    The angle between them is walked evenly, and the length moves evenly from one to the other, so
    that all steps are as far from the middle as latents of the prior are. Where there is no arc
    (a zero, the same or opposite directions) it is a straight line.

    Args:
        first: where to begin.
        last: where to end.
        steps: how many latents to give, at least 2.
    Raises:
        ShapeError: not two vectors of one length, or fewer than two steps.
    Source:
        White 2016, arXiv:1609.04468, section 2.1. Departure: the lengths of the ends may differ.
    """
    if first.ndim != 1 or first.shape != last.shape or steps < 2:
        raise ShapeError(
            f"sphere_walk: needs two vectors of one length and at least 2 steps, got "
            f"{tuple(first.shape)}, {tuple(last.shape)} and {steps} steps"
        )
    a, b = first.double(), last.double()
    share = torch.linspace(0, 1, steps, dtype=torch.float64, device=first.device)[:, None]
    norm_a, norm_b = float(a.norm()), float(b.norm())
    straight = a + share * (b - a)
    if min(norm_a, norm_b) == 0:
        return straight.to(first.dtype)
    a, b = a / norm_a, b / norm_b
    angle = 2 * math.atan2(float((a - b).norm()), float((a + b).norm()))
    if math.sin(angle) < _NEARLY:
        return straight.to(first.dtype)
    along = (((1 - share) * angle).sin() * a + (share * angle).sin() * b) / math.sin(angle)
    return ((norm_a + share * (norm_b - norm_a)) * along).to(first.dtype)
