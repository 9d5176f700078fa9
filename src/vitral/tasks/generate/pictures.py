"""What a generator makes, drawn: reconstructions, new pictures, walks, and two latent axes."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vitral.core import Picture, derived_seed
from vitral.nn import GeneratorNet

_SAMPLES_PER_CLASS, _MOST_CLASSES, _SAMPLES = 10, 12, 64
_WALKS, _STEPS, _AXIS, _LOOKED_AT = 6, 10, 9, 64
_GAP_PX, _GAP_LEVEL = 2, 128
TEMPERATURES = (1.0, 0.8)
"""The temperatures at which new pictures are shown."""


def to_levels(pictures: Tensor) -> NDArray[np.uint8]:
    """Pictures b x (1 or 3) x h x w on [0, 1] as uint8, b x h x w x 3."""
    levels = (pictures.detach().float().cpu() * 255).round().clamp(0, 255).byte()
    return levels.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).contiguous().numpy()


def grid(pictures: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Pictures of one size side by side, row after row, with a narrow gap between them."""
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    down, right = height + _GAP_PX, width + _GAP_PX
    sheet = np.full((rows * down + _GAP_PX, columns * right + _GAP_PX, 3), _GAP_LEVEL, np.uint8)
    for number, picture in enumerate(pictures):
        y, x = _GAP_PX + number // columns * down, _GAP_PX + number % columns * right
        sheet[y : y + height, x : x + width] = picture
    return sheet


def walk(first: Tensor, last: Tensor, steps: int) -> Tensor:
    """Latents from one to the other along an arc, steps x d, both ends included.

    The angle between them is walked evenly, and the length moves evenly from one to the other, so
    that all steps are as far from the middle as latents of the prior are.

    Source:
        White 2016, arXiv:1609.04468, section 2.1. Departure: the lengths of the ends may differ.
    """
    lengths = torch.linspace(float(first.norm()), float(last.norm()), steps, device=first.device)
    one, other = (end / end.norm().clamp(min=1e-12) for end in (first, last))
    angle = float(torch.arccos((one * other).sum().clamp(-1, 1)))
    share = torch.linspace(0, 1, steps, device=first.device)[:, None]
    if math.sin(angle) < 1e-4:
        return first + share * (last - first)
    along = ((1 - share) * angle).sin() * one + (share * angle).sin() * other
    return lengths[:, None] * along / math.sin(angle)


def samples(network: GeneratorNet, classes: Sequence[str], *, device: torch.device) -> list[Picture]:
    """Grids of new pictures with a fixed seed, a row for each class where classes can be asked for."""
    asked = [-1] * _SAMPLES
    if network.classes:
        asked = [k for k in range(min(network.classes, _MOST_CLASSES)) for _ in range(_SAMPLES_PER_CLASS)]
    rows = ", ".join(classes[:_MOST_CLASSES]) if network.classes else ""
    drawn: list[Picture] = []
    for temperature in TEMPERATURES:
        random = torch.Generator().manual_seed(derived_seed(0, "samples"))
        made = network.draw(torch.tensor(asked, device=device), temperature=temperature, random=random)
        drawn.append(
            Picture(
                pixels=grid(to_levels(made), _SAMPLES_PER_CLASS if network.classes else 8),
                title=f"temperature {temperature:g}, seed 0",
                note=f"rows: {rows}" if rows else "",
                group="New pictures",
                wide=True,
            )
        )
    return drawn


def walks(network: GeneratorNet, latents: Tensor) -> list[Picture]:
    """Walks between the latents of neighboring pictures of a batch, each a row; no class is asked for."""
    pairs = [(n, n + 1) for n in range(0, len(latents) - 1, 2)][:_WALKS]
    if not pairs:
        return []
    rows = [network.decode(walk(latents[one], latents[other], _STEPS)) for one, other in pairs]
    return [
        Picture(
            pixels=grid(to_levels(torch.cat(rows)), _STEPS),
            title="from the left picture to the right one, along an arc through the latents",
            group="Walks",
            wide=True,
        )
    ]


def two_axes(network: GeneratorNet, latents: Tensor, label: int) -> list[Picture]:
    """A grid over the two active latents that change the picture most; the others stay at zero.

    Looked at are the 64 that vary most over a batch.

    Args:
        network: the generator.
        latents: means of the posterior of a batch, b x d.
        label: the class to draw.
    """
    if len(latents) < 2 or network.latents < 2:
        return []
    active = latents.var(0).argsort(descending=True, stable=True)[:_LOOKED_AT]
    alone = torch.zeros(len(active) + 1, network.latents, device=latents.device)
    alone[torch.arange(len(active)), active] = 1.5
    drawn = network.decode(alone, torch.full((len(alone),), label, device=latents.device))
    change = (drawn[:-1] - drawn[-1]).square().flatten(1).sum(1)
    first, second = active[change.argsort(descending=True, stable=True)[:2]].tolist()
    share = (torch.arange(_AXIS, dtype=torch.float64) + 0.5) / _AXIS
    at = (math.sqrt(2) * torch.erfinv(2 * share - 1)).float().to(latents.device)
    places = torch.zeros(_AXIS * _AXIS, network.latents, device=latents.device)
    places[:, first], places[:, second] = at.repeat(_AXIS), at.repeat_interleave(_AXIS)
    asked = torch.full((len(places),), label, device=latents.device)
    return [
        Picture(
            pixels=grid(to_levels(network.decode(places, asked)), _AXIS),
            title=f"latent {first} to the right, latent {second} down, all others at zero",
            note="both from quantile to quantile of the prior",
            group="Two latent axes",
            wide=True,
        )
    ]
