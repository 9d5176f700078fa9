"""Tensors sampled through any geometry: what the reference engine does with all that is not upright."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from vitral.augment.engines.fused import fused
from vitral.augment.geometry import shrunk_size
from vitral.augment.plan import Border, Pass

_FAR = 1e6
"""Pixels beyond a picture from which on all places are alike."""
_BEHIND = -1.0
"""Where what lies behind a horizon is taken from: just beyond the picture."""

Places = Float[Tensor, "b h w"]


def sampled(
    values: Float[Tensor, "b tall wide c=3"], one: Pass, height: int, width: int, border: Border
) -> Float[Tensor, "b h w c=3"]:
    """Linear between the four pixels around each place, after averaging where it will be seen smaller.

    Args:
        values: levels of pictures of one size.
        one: the pass whose geometry is meant.
        height: rows that are made.
        width: columns that are made.
        border: what lies beyond the pictures.
    """
    tall, wide = values.shape[1:3]
    matrices = one.matrix / one.matrix[:, 2:, 2:]
    sizes = np.array([shrunk_size(matrix, height, width, (tall, wide)) for matrix in matrices])
    x, y = places(one, height, width, like=values)
    if (sizes != (tall, wide)).any():
        rows, columns = area_shares(tall, sizes[:, 0], values), area_shares(wide, sizes[:, 1], values)
        values = torch.einsum("bjw,biwc->bijc", columns, torch.einsum("bih,bhwc->biwc", rows, values))
        shares = torch.from_numpy(sizes / (tall, wide)).to(values)[:, :, None, None]
        x, y = x * shares[:, 1], y * shares[:, 0]
    x, y = ((at - 0.5).nan_to_num(_BEHIND, _FAR, -_FAR).clamp(-_FAR, _FAR) for at in (x, y))
    counts = torch.from_numpy(sizes).to(values.device)[:, :, None, None]
    fill = torch.tensor(border.fill).round().to(values)
    return _between_four(values, x, y, counts, border.kind, fill)


@fused
def _between_four(
    values: Float[Tensor, "b tall wide c=3"],
    x: Places,
    y: Places,
    counts: Int[Tensor, "b hw=2 1 1"],
    border: str,
    fill: Float[Tensor, " c=3"],
) -> Float[Tensor, "b h w c=3"]:
    """What lies between the four pixels around each place; places count from the first center."""
    left, top = x.floor(), y.floor()
    made = torch.zeros((*x.shape, 3), dtype=values.dtype, device=values.device)
    for row, weight_y in ((top, 1 - (y - top)), (top + 1, y - top)):
        for column, weight_x in ((left, 1 - (x - left)), (left + 1, x - left)):
            found = _looked_up(values, row.long(), column.long(), counts, border, fill)
            made = made + (weight_x * weight_y)[..., None] * found
    return made


def places(one: Pass, height: int, width: int, *, like: Tensor) -> tuple[Places, Places]:
    """Where the centers of all pixels that are made lie, along x and along y, in the continuous frame."""
    v, u = torch.meshgrid(
        torch.arange(height).to(like) + 0.5, torch.arange(width).to(like) + 0.5, indexing="ij"
    )
    x, y = (at.expand(len(one.matrix), -1, -1) for at in (u, v))
    for bend in reversed(one.bends):
        x, y = _followed(bend.matrix, x, y)
        x, y = _displaced(bend.field.nodes, bend.field.canvas, bend.field.smooth, x, y)
    return _followed(one.first, x, y)


def _followed(matrix: NDArray[np.float64], x: Places, y: Places) -> tuple[Places, Places]:
    m = torch.from_numpy(matrix).to(x)[..., None, None]
    new_x, new_y, depth = (m[:, k, 0] * x + m[:, k, 1] * y + m[:, k, 2] for k in range(3))
    # On the side of a horizon on which the picture's corner does not lie there is nothing.
    front = depth * m[:, 2, 2].sign()
    nothing = torch.full_like(depth, math.nan)
    return torch.where(front > 0, new_x / depth, nothing), torch.where(front > 0, new_y / depth, nothing)


def _displaced(
    nodes: NDArray[np.float64], canvas: NDArray[np.float64], smooth: bool, x: Places, y: Places
) -> tuple[Places, Places]:
    """A displacement from nodes: linear, or cubic by Catmull and Rom, with nodes beyond the edges in line."""
    for axis in (1, 2):
        first, last = nodes.take([0], axis), nodes.take([-1], axis)
        second = nodes.take([min(1, nodes.shape[axis] - 1)], axis)
        before = nodes.take([max(nodes.shape[axis] - 2, 0)], axis)
        nodes = np.concatenate([2 * first - second, nodes, 2 * last - before], axis=axis)
    rows, columns = nodes.shape[1] - 2, nodes.shape[2] - 2
    held = torch.from_numpy(nodes).to(x).flatten(1, 2)
    size = torch.from_numpy(canvas).to(x)[..., None, None]
    at_x, at_y = (x / size[:, 1]).clamp(0, 1) * (columns - 1), (y / size[:, 0]).clamp(0, 1) * (rows - 1)
    at_x, at_y = at_x.nan_to_num(0.0), at_y.nan_to_num(0.0)
    left, top = at_x.floor().clamp(max=max(columns - 2, 0)), at_y.floor().clamp(max=max(rows - 2, 0))
    by_x, by_y = _weights(at_x - left, smooth), _weights(at_y - top, smooth)
    moved = torch.zeros((*x.shape, 2)).to(x)
    for k in range(4):
        for n in range(4):
            index = (top.long() + k) * (columns + 2) + left.long() + n
            found = held.gather(1, index.flatten(1)[..., None].expand(-1, -1, 2)).view_as(moved)
            moved += (by_y[k] * by_x[n])[..., None] * found
    return x + moved[..., 0], y + moved[..., 1]


def _weights(part: Places, smooth: bool) -> Sequence[Places]:
    if not smooth:
        return torch.zeros_like(part), 1 - part, part, torch.zeros_like(part)
    second, third = part * part, part * part * part
    return (
        (2 * second - third - part) / 2,
        (3 * third - 5 * second + 2) / 2,
        (4 * second - 3 * third + part) / 2,
        (third - second) / 2,
    )


def area_shares(size: int, counts: NDArray[np.int64], like: Tensor) -> Float[Tensor, "b count size"]:
    """What share of each new pixel of an axis each old one covers; rows beyond a picture's count are 0.

    Args:
        size: pixels of the axis.
        counts: to how many pixels of each picture they become.
        like: a tensor of the type and on the device that are wanted.
    """
    most = int(counts.max())
    step = torch.from_numpy(size / counts).to(like)[:, None, None]
    edges = torch.arange(most + 1, dtype=like.dtype, device=like.device)[None, :, None] * step
    at = torch.arange(size, dtype=like.dtype, device=like.device)
    low, high = torch.maximum(edges[:, :-1], at), torch.minimum(edges[:, 1:], at + 1)
    return (high - low).clamp(min=0) / step


def _looked_up(
    values: Float[Tensor, "b tall wide c=3"],
    row: Int[Tensor, "b h w"],
    column: Int[Tensor, "b h w"],
    counts: Int[Tensor, "b hw=2 1 1"],
    border: str,
    fill: Float[Tensor, " c=3"],
) -> Float[Tensor, "b h w c=3"]:
    """Pixels of pictures of which only the first rows and columns, `counts`, are there."""
    rows, columns = counts[:, 0], counts[:, 1]
    if border == "reflect":
        inner_row, inner_column = _reflected(row, rows), _reflected(column, columns)
    else:
        inner_row = torch.minimum(row.clamp(min=0), rows - 1)
        inner_column = torch.minimum(column.clamp(min=0), columns - 1)
    index = (inner_row * values.shape[2] + inner_column).flatten(1)[..., None].expand(-1, -1, 3)
    found = values.flatten(1, 2).gather(1, index).view(*row.shape, 3)
    if border == "fill":
        inside = (row == inner_row) & (column == inner_column)
        found = torch.where(inside[..., None], found, fill)
    return found


def _reflected(at: Int[Tensor, "b h w"], count: Int[Tensor, "b 1 1"]) -> Int[Tensor, "b h w"]:
    period = (2 * (count - 1)).clamp(min=1)
    at = at % period
    return torch.where(count > 1, torch.where(at < count, at, period - at), torch.zeros_like(at))
