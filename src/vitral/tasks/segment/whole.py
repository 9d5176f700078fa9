"""From scores on a coarse grid to the class of each pixel of a picture of any size."""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

# Numbers in a strip of scores: 64 MiB.
_MOST_NUMBERS = 2**24


def classes_of_pixels(
    scores: Float[Tensor, "k h w"], height: int, width: int
) -> UInt8[NDArray[np.uint8], "h2 w2"]:
    """The class with the highest score at each pixel; scores are interpolated, strip by strip.

    Args:
        scores: of each class on a grid that covers the picture.
        height: of the picture, in pixels.
        width: of the picture, in pixels.
    """
    mask = np.empty((height, width), dtype=np.uint8)
    row = 0
    for strip in strips(scores, height, width):
        chosen = strip.argmax(0).to(torch.uint8).cpu().numpy()
        mask[row : row + len(chosen)] = chosen
        row += len(chosen)
    return mask


def strips(maps: Float[Tensor, "k h w"], height: int, width: int) -> Iterator[Float[Tensor, "k rows width"]]:
    """Maps brought to the size of a picture, some rows at a time from top to bottom.

    Args:
        maps: values on a grid that covers the picture.
        height: of the picture, in pixels.
        width: of the picture, in pixels.
    """
    rows_at_once = max(1, _MOST_NUMBERS // (len(maps) * width))
    last = maps.shape[1] - 1
    for first in range(0, height, rows_at_once):
        rows = torch.arange(first, min(first + rows_at_once, height), device=maps.device)
        # The center of a pixel lies where the same place of the grid has it.
        place = ((rows + 0.5) * (maps.shape[1] / height) - 0.5).clamp(0, last)
        above = place.floor().long()
        share = (place - above)[:, None]
        between = maps[:, above] * (1 - share) + maps[:, (above + 1).clamp(max=last)] * share
        size = (len(rows), width)
        yield functional.interpolate(between[None], size, mode="bilinear", align_corners=False)[0]
