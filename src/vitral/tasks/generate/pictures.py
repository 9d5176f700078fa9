"""What a generator makes, drawn: reconstructions, new pictures, walks, and two latent axes."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vitral.core import Picture, derived_seed
from vitral.nn import MOST_POINTS, GeneratorNet, flat_view, principal_axes, sphere_walk
from vitral.tasks.generate.drawing import GenerateModel, classes_known

_SAMPLES_PER_CLASS, _MOST_CLASSES, _SAMPLES = 10, 12, 64
_WALKS, _STEPS, _AXIS = 6, 10, 9
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


def samples(model: GenerateModel) -> list[Picture]:
    """Grids of new pictures with a fixed seed, a row for each class where classes are known."""
    drawn: list[Picture] = []
    for prior in model.priors:
        known = classes_known(model, prior)
        asked = [k for k in range(min(known, _MOST_CLASSES)) for _ in range(_SAMPLES_PER_CLASS)]
        rows = "rows: " + ", ".join(model.facts.classes[:_MOST_CLASSES]) if known else ""
        for temperature in TEMPERATURES:
            random = torch.Generator().manual_seed(derived_seed(0, "samples"))
            labels = torch.tensor(asked or [-1] * _SAMPLES)
            made = model.draw(labels, prior=prior, temperature=temperature, random=random)
            drawn.append(
                Picture(
                    pixels=grid(to_levels(made), _SAMPLES_PER_CLASS if known else 8),
                    title=f"{prior} prior, temperature {temperature:g}, seed 0",
                    note=rows,
                    group="New pictures",
                    wide=True,
                )
            )
    return drawn


def drawn_maps(latents: Tensor, seen: Tensor, labels: Tensor) -> list[Picture]:
    """Two maps of some pictures: neighbors by their latents near each other, and the widest directions.

    Args:
        latents: means of the posterior, b x d; of more than 2,000 the first are shown.
        seen: the pictures, b x (1 or 3) x h x w on [0, 1].
        labels: classes, for the color of the frames, b.
    """
    if len(latents) < 2:
        return []
    some = slice(0, MOST_POINTS)
    points = latents[some].float().cpu().numpy()
    from vitral.report import latent_map  # here, because `import vitral` draws nothing

    thumbnails, numbers = list(to_levels(seen[some])), labels[some].cpu().numpy()
    widest = principal_axes(points, 2).along(points)
    views = (
        ("pictures that the latents put near each other", "t-SNE", flat_view(points)),
        (
            "the two directions in which the latents differ most",
            "principal axes, to the right and down",
            np.pad(widest, ((0, 0), (0, 2 - widest.shape[1]))),
        ),
    )
    return [
        Picture(
            pixels=latent_map(places, thumbnails, numbers),
            title=title,
            note=f"{how}; the color of a frame is the class",
            group="Maps of the latents",
            wide=True,
        )
        for title, how, places in views
    ]


def walks(network: GeneratorNet, latents: Tensor) -> list[Picture]:
    """Walks between the latents of neighboring pictures of a batch, each a row; no class is asked for."""
    pairs = [(n, n + 1) for n in range(0, len(latents) - 1, 2)][:_WALKS]
    if not pairs:
        return []
    rows = [network.decode(sphere_walk(latents[one], latents[other], _STEPS)) for one, other in pairs]
    return [
        Picture(
            pixels=grid(to_levels(torch.cat(rows)), _STEPS),
            title="from the left picture to the right one, along an arc through the latents",
            group="Walks",
            wide=True,
        )
    ]


def two_axes(network: GeneratorNet, latents: Tensor, label: int) -> list[Picture]:
    """A grid over the two principal axes of the leading latents; the latents after these stay at zero.

    Args:
        network: the generator.
        latents: means of the posterior of a batch, b x d.
        label: the class to draw.
    """
    leading = latents[:, : network.leading].float().cpu().numpy()
    if min(leading.shape) < 2:
        return []
    frame = principal_axes(leading, 2)
    share = (torch.arange(_AXIS, dtype=torch.float64) + 0.5) / _AXIS
    at = (math.sqrt(2) * torch.erfinv(2 * share - 1)).numpy()
    right, down = frame.axes * np.sqrt(frame.variances)[:, None]
    places = np.zeros((_AXIS * _AXIS, network.latents), np.float32)
    moved = np.tile(at, _AXIS)[:, None] * right + np.repeat(at, _AXIS)[:, None] * down
    places[:, : network.leading] = frame.middle + moved
    asked = torch.full((len(places),), label, device=latents.device)
    drawn = network.decode(torch.from_numpy(places).to(latents.device), asked)
    return [
        Picture(
            pixels=grid(to_levels(drawn), _AXIS),
            title="the two directions in which latents differ most, to the right and down",
            note="from quantile to quantile; the latents of details are at zero",
            group="Two latent axes",
            wide=True,
        )
    ]
