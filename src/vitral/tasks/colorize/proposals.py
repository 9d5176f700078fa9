"""Several ways to color a picture, each of one piece."""

import torch
from jaxtyping import Float
from torch import Tensor

from vitral.core import derived_seed
from vitral.nn.color import annealed_mean

_CANDIDATES = 4


def proposals(
    scores: Float[Tensor, "b=1 q h w"], count: int, *, temperature: float, seed: int = 0
) -> list[Float[Tensor, "b=1 ab=2 h w"]]:
    """Colors of some samples of the distribution that differ from the plain answer and each other.

    The largest of score + Gumbel noise is a sample of the softmax. Every place of the picture gets
    the same noise, so each place holds a true sample of its own distribution, and places that
    are alike decide alike; the annealed mean is then taken around it. Of four times as many
    candidates those farthest apart are kept.

    Args:
        scores: before softmax, of one picture.
        count: how many, at least 0.
        temperature: of the annealed mean.
        seed: of the noise.
    Source:
        Gumbel 1954 (the maximum as a sample); Papandreou, Yuille 2011 (perturb and map).
    """
    if count == 0:
        return []
    random = torch.Generator().manual_seed(derived_seed(seed, "proposals"))
    uniform = torch.rand(_CANDIDATES * count, scores.shape[1], 1, 1, generator=random).clamp(1e-9, 1 - 1e-7)
    noise = -(-uniform.log()).log()
    plain = annealed_mean(scores, temperature=temperature)
    made = [annealed_mean(scores + one.to(scores.device), temperature=temperature) for one in noise]
    chosen: list[Tensor] = []
    distance = torch.stack([_apart(one, plain) for one in made])
    for _ in range(count):
        best = int(distance.argmax())
        chosen.append(made[best])
        distance = torch.minimum(distance, torch.stack([_apart(one, made[best]) for one in made]))
    return chosen


def _apart(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).square().sum(1).sqrt().mean()
