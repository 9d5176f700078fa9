"""`tiled`: a large picture through a dense network, a tile at a time, without a seam.

Tiles overlap, and each fades out towards its edges, where it does not see what lies beyond.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from vitral.core import OptionError, ShapeError

Answers = Callable[[Tensor], Tensor]
_BLIND = 0.25  # Share of the overlap, from the edge of a tile, in which its answers do not count.


def tiled(
    network: Answers,
    inputs: Float[Tensor, "b c h w"],
    *,
    tile_px: int = 768,
    overlap_px: int = 128,
    stride: int = 1,
    outputs: int,
    align_px: int = 32,
    dtype: torch.dtype = torch.float32,
) -> Float[Tensor, "b k h2 w2"]:
    """What a dense network answers, of pictures of any size.

    A picture that fits into one tile gets exactly what the network answers for the whole of it.

    Args:
        network: maps b x c x th x tw to b x k x th / stride x tw / stride, rounded up.
        inputs: pictures of any kind of number, on the network's device or, to spare it, elsewhere:
            `network` is given parts of them as they are.
        tile_px: longest side of what the network sees at once; a multiple of `align_px`.
        overlap_px: how far neighbors overlap at least, from `align_px` to half a tile.
        stride: pixels between two places of an answer.
        outputs: channels of the answers.
        align_px: tiles begin at multiples of this: the largest stride inside the network.
        dtype: of the answers; float16 takes half the memory.
    Returns:
        The answers, on the processor.
    Raises:
        OptionError: tile, overlap, stride and alignment do not fit together.
        ShapeError: the pictures have no pixels, or the network answers in another size.
    """
    _check(inputs, tile_px, overlap_px, stride, align_px)
    rows, columns = (
        _spans(side, tile_px // align_px, -(-overlap_px // align_px), align_px) for side in inputs.shape[2:]
    )
    down, across = (_weights(spans, overlap_px, stride) for spans in (rows, columns))
    height, width = (-(-side // stride) for side in inputs.shape[2:])
    scores = torch.zeros(len(inputs), outputs, height, width, dtype=dtype)
    for (first, last), fade in zip(rows, down, strict=True):
        begin, end = first // stride, -(-last // stride)
        for (left, right), side_fade in zip(columns, across, strict=True):
            part = network(inputs[:, :, first:last, left:right])
            place = slice(left // stride, -(-right // stride))
            expected = (len(inputs), outputs, end - begin, place.stop - place.start)
            if tuple(part.shape) != expected:
                raise ShapeError(
                    f"tiled: the network must answer {' x '.join(map(str, expected))}, got "
                    f"{' x '.join(map(str, part.shape))}"
                )
            weighed = part.float().cpu() * (fade[:, None] * side_fade)
            scores[:, :, begin:end, place] += weighed.to(dtype)
    return scores


def _spans(side: int, tile: int, overlap: int, align_px: int) -> list[tuple[int, int]]:
    """First and last pixel of each tile along a side, spread evenly; sizes in steps of `align_px`."""
    steps = -(-side // align_px)
    if steps <= tile:
        return [(0, side)]
    count = 1 + math.ceil((steps - tile) / (tile - overlap))
    starts = [(steps - tile) * n // (count - 1) for n in range(count)]
    return [(start * align_px, min((start + tile) * align_px, side)) for start in starts]


def _weights(spans: list[tuple[int, int]], overlap_px: int, stride: int) -> list[Float[Tensor, " n"]]:
    """How much each place of each tile counts; the weights of a place add up to 1."""
    end = -(-spans[-1][1] // stride)
    ramps, total = [], torch.zeros(end, dtype=torch.float64)
    for number, (first, last) in enumerate(spans):
        at = (torch.arange(first // stride, -(-last // stride), dtype=torch.float64) + 0.5) * stride
        ramp = torch.ones_like(at)
        if number:
            ramp *= _rising((at - first) / overlap_px)
        if number + 1 < len(spans):
            ramp *= _rising((last - at) / overlap_px)
        total[first // stride : -(-last // stride)] += ramp
        ramps.append(ramp)
    # As float32 they add up to 1 within its rounding; where there is one tile, it is exactly 1.
    return [
        (ramp / total[first // stride : -(-last // stride)]).float()
        for (first, last), ramp in zip(spans, ramps, strict=True)
    ]


def _rising(share: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """0 at the edge of a tile, 1 from the end of the overlap on, and smooth between."""
    t = ((share - _BLIND) / (1 - 2 * _BLIND)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def _check(inputs: Tensor, tile_px: int, overlap_px: int, stride: int, align_px: int) -> None:
    if inputs.ndim != 4 or not inputs.numel():
        raise ShapeError(
            f"tiled: must be pictures b x c x h x w with pixels, got {' x '.join(map(str, inputs.shape))}"
        )
    if stride < 1 or align_px < 1 or align_px % stride:
        raise OptionError(f"tiled.align_px: must be a multiple of the stride {stride}, got {align_px}")
    if tile_px < 2 * align_px or tile_px % align_px:
        raise OptionError(f"tiled.tile_px: must be a multiple of {align_px}, at least two, got {tile_px}")
    if not align_px <= overlap_px <= tile_px // 2:
        raise OptionError(
            f"tiled.overlap_px: must lie in [{align_px}, {tile_px // 2}] (half a tile), got {overlap_px}"
        )
