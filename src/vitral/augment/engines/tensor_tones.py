"""Tones of pictures that are tensors: what the reference engine does with colors."""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vitral.augment.engines.fused import fused
from vitral.augment.geometry import seen
from vitral.augment.plan import Pass
from vitral.augment.stages import Color, Cover, Curve

_LAST = 255.0


def toned(made: Float[Tensor, "b h w c=3"], pixels: Tensor, one: Pass) -> Float[Tensor, "b h w c=3"]:
    """Carry out the tones of a pass in turn; at last levels lie in [0, 255].

    Args:
        made: levels of what was made.
        pixels: what it was made of, whose means are asked for.
        one: the pass.
    """
    together: list[tuple[str, Tensor]] = []
    for tone in one.tones:
        if isinstance(tone, Cover):
            made = _covered(_in_turn(made, together), tone)
            together = []
        elif isinstance(tone, Color):
            matrix = torch.from_numpy(tone.matrix).to(made)
            if tone.of_means.any():
                means = _means(pixels, one, made)
                matrix[..., 3] += torch.einsum("bij,bj->bi", torch.from_numpy(tone.of_means).to(made), means)
            together.append(("color", matrix))
        elif isinstance(tone, Curve):
            together.append(("curve", torch.from_numpy(tone.table).to(made)))
        else:
            together.append(("hue", torch.from_numpy(tone.turn).to(made)))
    made = _in_turn(made, together)
    return made.clamp(0, _LAST) if one.tones else made


def _in_turn(made: Float[Tensor, "b h w c=3"], tones: list[tuple[str, Tensor]]) -> Float[Tensor, "b h w c=3"]:
    return _together(made, tones) if tones else made


@fused
def _together(
    made: Float[Tensor, "b h w c=3"], tones: list[tuple[str, Tensor]]
) -> Float[Tensor, "b h w c=3"]:
    """Tones that need nothing but a pixel's own levels, channel by channel."""
    r, g, b = made.unbind(-1)
    for kind, numbers in tones:
        if kind == "color":
            m = numbers[:, None, None]
            r, g, b = (
                m[..., k, 0] * r + m[..., k, 1] * g + m[..., k, 2] * b + m[..., k, 3] for k in range(3)
            )
        elif kind == "curve":
            levels = (r.clamp(0, _LAST), g.clamp(0, _LAST), b.clamp(0, _LAST))
            r, g, b = (_curved(level, numbers[:, c]) for c, level in enumerate(levels))
        else:
            r, g, b = _turned(r.clamp(0, _LAST), g.clamp(0, _LAST), b.clamp(0, _LAST), numbers)
    return torch.stack([r, g, b], dim=-1)


def _curved(level: Float[Tensor, "b h w"], table: Float[Tensor, "b 256"]) -> Float[Tensor, "b h w"]:
    low = level.floor().clamp(max=_LAST - 1).long()
    below, above = (table.gather(1, low.flatten(1) + k).view_as(level) for k in (0, 1))
    return below + (above - below) * (level - low)


def _turned(
    r: Float[Tensor, "b h w"], g: Float[Tensor, "b h w"], b: Float[Tensor, "b h w"], turn: Float[Tensor, " b"]
) -> tuple[Tensor, Tensor, Tensor]:
    """Turn the hue of the HSV model.

    Source:
        Smith 1978, "Color gamut transform pairs", the hexcone model.
    """
    high, low = torch.maximum(r, torch.maximum(g, b)), torch.minimum(r, torch.minimum(g, b))
    range_ = high - low
    scale = 1 / range_.clamp(min=1e-6)
    h = torch.where(
        r == high, (g - b) * scale, torch.where(g == high, (b - r) * scale + 2, (r - g) * scale + 4)
    )
    h = h + 6 * turn[:, None, None]
    red, green, blue = (_missing(high, range_, (h + start) % 6) for start in (5, 3, 1))
    return red, green, blue


def _missing(high: Tensor, range_: Tensor, k: Tensor) -> Tensor:
    """What a channel has when it lacks a part of the largest one."""
    return high - range_ * torch.minimum(k, 4 - k).clamp(0, 1)


def _covered(values: Float[Tensor, "b h w c=3"], cover: Cover) -> Float[Tensor, "b h w c=3"]:
    values = values.clone()
    height, width = values.shape[1:3]
    for i, boxes in enumerate(cover.boxes):
        scale = np.tile((width, height) / cover.canvas[i, ::-1], 2)
        for box, color in zip(boxes * scale, cover.colors[i], strict=True):
            x0, y0, x1, y1 = np.clip(np.rint(box), 0, [width, height, width, height]).astype(int)
            values[i, y0:y1, x0:x1] = torch.tensor(color.tolist()).to(values)
    return values


def _means(pixels: Tensor, one: Pass, made: Tensor) -> Float[Tensor, "b c=3"]:
    """Means of the channels over the pixels that what is seen touches, inside the picture."""
    tall, wide = pixels.shape[1:3]
    matrices, inside = one.matrix / one.matrix[:, 2:, 2:], np.zeros((len(pixels), 4), dtype=np.int64)
    for i, matrix in enumerate(matrices):
        box = (0.0, 0.0, float(wide), float(tall))
        x0, y0, x1, y1 = box if one.bent[i] else seen(matrix, made.shape[1], made.shape[2], (tall, wide))
        left, top = min(max(int(x0), 0), wide - 1), min(max(int(y0), 0), tall - 1)
        right, bottom = min(max(math.ceil(x1), left + 1), wide), min(max(math.ceil(y1), top + 1), tall)
        inside[i] = left, top, right, bottom
    x, y, box = np.arange(wide), np.arange(tall), inside[:, :, None]
    columns = torch.from_numpy((x >= box[:, 0]) & (x < box[:, 2])).to(made)
    rows = torch.from_numpy((y >= box[:, 1]) & (y < box[:, 3])).to(made)
    sums = torch.einsum("bh,bw,bhwc->bc", rows, columns, pixels.to(made.dtype))
    return sums / (rows.sum(1) * columns.sum(1))[:, None]
