"""One look at a whole picture, and colors for all of its pixels: no tiles, so no seams."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vitral.data.layers import is_grey
from vitral.nn.color import GuidedColors, levels_to_lab, lightness_function, luminance, recolored
from vitral.tasks.colorize.hints import Hint, network_inputs, no_hints, placed_hints
from vitral.tasks.colorize.model import ColorizeModel

# Small enough for the processor's cache.
_STRIP_PIXELS = 2**16
_LONGEST_SHAPE = 4
_MULTIPLE_PX = 8

Pixels = UInt8[NDArray[np.uint8], "h w c=3"]
Colors = Float[NDArray[np.float32], "h w ab=2"]
Plane = Float[NDArray[np.float32], "h w"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Glance:
    """What one pass saw.

    Args:
        scores: of the bins, or a and b, 1 x k x h x w, a quarter of the size of `lightness`.
        lightness: of the small picture, on [0, 1].
    """

    scores: Tensor
    lightness: Plane


def pass_size(height: int, width: int, short_px: int) -> tuple[int, int]:
    """Height and width of the one pass: the aspect is kept up to 1 : 4, and to multiples of 8 px.

    Args:
        height: rows of the picture.
        width: its columns.
        short_px: shorter side of the pass.
    """
    scale = min(short_px / min(height, width), _LONGEST_SHAPE * short_px / max(height, width))
    rows, columns = (max(1, round(side * scale / _MULTIPLE_PX)) * _MULTIPLE_PX for side in (height, width))
    return rows, columns


def small_lightness(pixels: Pixels, short_px: int) -> Plane:
    """Lightness on [0, 1] of a picture brought to the size of the pass."""
    import cv2  # here, because it takes a third of the time to import vitral

    height, width = pixels.shape[:2]
    rows, columns = pass_size(height, width, short_px)
    how = cv2.INTER_AREA if rows * columns < height * width else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(pixels, (columns, rows), interpolation=how), np.uint8)
    return levels_to_lab(small.reshape(rows, columns, 3))[..., 0] / np.float32(100)


def glance(
    model: ColorizeModel, pixels: Pixels, *, short_px: int, flip: bool, hints: Sequence[Hint] = ()
) -> Glance:
    """Let the network look at a picture.

    Args:
        model: the model.
        pixels: of any size.
        short_px: shorter side of the pass.
        flip: average with what the mirrored picture gives.
        hints: points with a color, in pixels of the picture.
    """
    small = small_lightness(pixels, short_px)
    device = next(model.parameters()).device
    lightness = 100 * torch.from_numpy(small)[None, None].to(device)
    height, width = pixels.shape[:2]
    ab, mask = placed_hints(hints, lightness, height=height, width=width) if hints else no_hints(lightness)
    scores = model.scores(network_inputs(lightness, ab, mask), flip=flip)
    return Glance(scores=scores.float(), lightness=small)


def painted(pixels: Pixels, ab: Colors, lightness: Plane) -> Pixels:
    """The picture in color, on its own lightness.

    Done in strips, so that beside the two pictures little memory is taken.

    Args:
        pixels: of any size; colors are not looked at.
        ab: the colors, small.
        lightness: of the small picture, on [0, 1].
    """
    guide, grey = GuidedColors.of(ab, lightness), is_grey(pixels)
    height, width = pixels.shape[:2]
    rows = max(1, _STRIP_PIXELS // width)
    made = np.empty_like(pixels, order="C")

    def strip(top: int) -> None:
        light = luminance(pixels[top : top + rows], grey=grey)
        bent = lightness_function(light)
        a, b = guide.rows(np.asarray((116 * bent - 16) / 100, np.float32), top=top, height=height)
        made[top : top + rows] = recolored(light, bent, a, b)

    tops = range(0, height, rows)
    if len(tops) == 1:
        strip(0)
        return made
    with ThreadPoolExecutor(torch.get_num_threads()) as crew:
        for _ in crew.map(strip, tops):
            pass
    return made
