"""How a network looks at a whole picture, once or several times, and what it then says of each place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from vitral.augment import Augmentation
from vitral.core import Batch
from vitral.nn.detection import boxes_of_maps
from vitral.tasks.task import TaskModel

STRIDE = 4
"""Pixels between two places of the maps."""

MULTIPLE = 32
"""The network halves its maps until this stride; pictures are filled up to whole multiples."""

# A picture that is longer than this many times the size is looked at smaller.
_LONGEST = 8


@dataclass(frozen=True, kw_only=True)
class View:
    """One look at a picture.

    Args:
        maps: what the network says, without what was filled up.
        height: of the picture as the network saw it, in pixels.
        width: the same.
    """

    maps: Float[Tensor, "c h w"]
    height: int
    width: int


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What all looks at a picture say together.

    Args:
        heat: how likely each place is the center of an object of each class.
        boxes: the box that each place tells, x0 y0 x1 y1 in pixels of the picture.
    """

    heat: Float[Tensor, "k h w"]
    boxes: Float[Tensor, "xyxy=4 h w"]


def seen_size(height: int, width: int, *, size: int) -> tuple[int, int]:
    """Height and width at which the network sees a picture: whole multiples of the stride.

    Args:
        height: of the picture, in pixels.
        width: of the picture.
        size: the short side that the network sees.
    """
    scale = min(size / min(height, width), _LONGEST * size / max(height, width))
    return _whole(height * scale, STRIDE), _whole(width * scale, STRIDE)


def look(
    model: TaskModel, pixels: NDArray[np.uint8], *, height: int, width: int, mirrored: bool = False
) -> View:
    """Let the network see a picture, by itself: what is beside it in a batch cannot change an answer.

    Args:
        model: of the task.
        pixels: the picture, uint8 h x w x 3.
        height: at which it is seen, a multiple of the stride.
        width: the same.
        mirrored: left and right are turned about.
    """
    plain = Augmentation((), height=height, width=width, mean=(0.0,) * 3, std=(1.0,) * 3, fit="squash")
    inputs = plain(Batch.loose([pixels])).inputs
    assert inputs is not None
    inputs = inputs.flip(-1) if mirrored else inputs
    fill = torch.tensor(model.facts.mean).view(1, 3, 1, 1)
    below, right = -height % MULTIPLE, -width % MULTIPLE
    inputs = functional.pad(inputs - fill, (0, right, 0, below)) + fill
    device = next(model.parameters()).device
    maps = model(inputs.to(device, memory_format=torch.channels_last)).float()[0]
    return View(maps=maps[:, : height // STRIDE, : width // STRIDE], height=height, width=width)


def told(
    view: View, pixels: NDArray[np.uint8], *, classes: int, typical: float, mirrored: bool = False
) -> Seen:
    """What one look says of each place.

    Args:
        view: the look.
        pixels: the picture.
        classes: number of heat maps.
        typical: see `boxes_of_maps`.
        mirrored: whether the view was, which is undone here.
    """
    heat = view.maps[:classes].sigmoid()
    boxes = boxes_of_maps(view.maps[None, classes:], stride=STRIDE, typical=typical)[0]
    boxes = boxes / boxes.new_tensor((view.width, view.height, view.width, view.height)).view(4, 1, 1)
    if mirrored:
        x0, y0, x1, y1 = boxes.flip(-1)
        boxes, heat = torch.stack([1 - x1, y0, 1 - x0, y1]), heat.flip(-1)
    height, width = pixels.shape[:2]
    return Seen(heat=heat, boxes=boxes * boxes.new_tensor((width, height, width, height)).view(4, 1, 1))


def together(looks: Sequence[Seen]) -> Seen:
    """The mean of some looks, on the places of the first.

    Boxes are averaged as corners in the picture, so looks at several sizes need no other care.
    """
    if len(looks) == 1:
        return looks[0]
    size = looks[0].heat.shape[1:]

    def brought(maps: Tensor) -> Tensor:
        if maps.shape[1:] == size:
            return maps
        return functional.interpolate(maps[None], tuple(size), mode="bilinear", align_corners=False)[0]

    heat = torch.stack([brought(one.heat) for one in looks]).mean(0)
    return Seen(heat=heat, boxes=torch.stack([brought(one.boxes) for one in looks]).mean(0))


def _whole(length: float, unit: int) -> int:
    return max(unit, round(length / unit) * unit)
