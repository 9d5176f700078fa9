"""Boxes out of maps: places that are the highest around them, and the box that each one tells."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

# exp(5) is 148 times the typical size: nothing is larger, and nothing overflows.
_LARGEST_LOG = 5.0


class Peaks(NamedTuple):
    """The highest places of the heat maps of one picture, the highest first."""

    scores: Float[Tensor, " n"]
    labels: Int[Tensor, " n"]
    rows: Int[Tensor, " n"]
    columns: Int[Tensor, " n"]


def peaks(heat: Float[Tensor, "k h w"], *, most: int, least: float = 0.0) -> Peaks:
    """Places that no place of the 3 x 3 around them exceeds.

    Args:
        heat: of each class, in [0, 1].
        most: how many are given at most, at least 1.
        least: lower ones are left out.
    Source:
        Zhou, Wang, Kraehenbuehl 2019, arXiv:1904.07850, section 3.1.
    """
    _, height, width = heat.shape
    highest = functional.max_pool2d(heat[None], 3, stride=1, padding=1)[0]
    flat = torch.where((heat == highest) & (heat > least), heat, -1.0).flatten()
    scores, order = flat.topk(min(most, flat.numel()))
    order = order[scores >= 0]
    place = order % (height * width)
    return Peaks(scores[scores >= 0], order // (height * width), place // width, place % width)


def boxes_of_maps(
    maps: Float[Tensor, "b wh_xy=4 h w"], *, stride: int, typical: float
) -> Float[Tensor, "b xyxy=4 h w"]:
    """The box that every place tells, in pixels of the network's input.

    Sizes are exp(value) times the typical one, so that a new network begins with boxes of that
    size; offsets lead from the middle of the place to the center, in places.

    Args:
        maps: logarithms of width and height against the typical side, then offsets to the right and down.
        stride: pixels between two places.
        typical: side of a usual object, in pixels.
    """
    maps = maps.float()
    rows = torch.arange(maps.shape[2], device=maps.device)[:, None] + 0.5
    columns = torch.arange(maps.shape[3], device=maps.device)[None] + 0.5
    x, y = (maps[:, 2] + columns) * stride, (maps[:, 3] + rows) * stride
    half = typical / 2 * maps[:, :2].clamp(-_LARGEST_LOG, _LARGEST_LOG).exp()
    return torch.stack([x - half[:, 0], y - half[:, 1], x + half[:, 0], y + half[:, 1]], 1)
