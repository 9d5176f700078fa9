"""The reference engine: the same plan carried out in tensors on any device, written from the definitions.

It is what the compiled engine is tested against, in float64, and what runs where pictures lie on a
GPU: whole batches at once, whatever their geometry is. Filters alone take one picture at a time, in the
memory of the processor.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vitral.augment.engines.sampling import area_shares, sampled
from vitral.augment.engines.tensor_tones import toned
from vitral.augment.plan import Bend, Border, Pass, Plan
from vitral.augment.stages import Filter, Mix, Stage, Tiles
from vitral.augment.targets.pasting import Pasted

_Stage = TypeVar("_Stage", bound=Stage)


def render_tensor(
    pixels: UInt8[Tensor, "b h w c=3"],
    plan: Plan,
    *,
    gain: NDArray[np.float32],
    offset: NDArray[np.float32],
    dtype: torch.dtype = torch.float32,
) -> Float[Tensor, "b height width c=3"]:
    """Carry out a plan on pictures of one size, and normalize what comes of it.

    Args:
        pixels: pictures on any device; the result is on the same.
        plan: what happens to each picture.
        gain: of red, green and blue: what a level is multiplied by.
        offset: of the same: what is added then.
        dtype: float32 or float64.
    """
    alike = all((_size(one) == _size(one)[:1]).all() for one in plan.passes[:-1])
    if alike or len(pixels) == 1:
        made = _carried_out(pixels, plan, dtype)
    else:
        alone = [plan_of(plan, np.array([i])) for i in range(len(pixels))]
        made = torch.cat([_carried_out(pixels[i : i + 1], one, dtype) for i, one in enumerate(alone)])
    return made * torch.from_numpy(gain).to(made) + torch.from_numpy(offset).to(made)


def plan_of(plan: Plan, picked: NDArray[np.int64]) -> Plan:
    """The plan of some of the pictures, without what mixes them."""
    return dataclasses.replace(
        plan, passes=tuple(_pass_of(one, picked) for one in plan.passes), sizes=plan.sizes[picked]
    )


def mix_tensor(
    inputs: Float[Tensor, "b h w c=3"], plan: Mix, pasted: Mapping[int, Pasted] | None = None
) -> Float[Tensor, "b h w c=3"]:
    """Mix pictures as `render.mix` does; the result is a new tensor when anything is mixed.

    Args:
        inputs: of all pictures of a batch.
        plan: who is mixed with whom, and how.
        pasted: the objects that are pasted into each picture.
    """
    if not plan.chosen.any():
        return inputs
    height, width = inputs.shape[1:3]
    partners = inputs[torch.from_numpy(plan.partner).to(inputs.device)]
    blended, pasted_at = torch.from_numpy(plan.blended).to(inputs.device), plan.pasted
    share = torch.from_numpy(np.where(plan.blended, plan.share, 1.0)).to(inputs)[:, None, None, None]
    mixed = torch.where(blended[:, None, None, None], inputs * share + partners * (1 - share), inputs)
    y, x = np.arange(height)[:, None], np.arange(width)[None, :]
    x0, y0, x1, y1 = (pasted_at[:, k, None, None] for k in range(4))
    covered = torch.from_numpy((x >= x0) & (x < x1) & (y >= y0) & (y < y1)).to(inputs.device)
    mixed = torch.where(covered[..., None], partners, mixed)
    for i, objects in ({} if pasted is None else pasted).items():
        weight = torch.from_numpy(objects.weight).to(inputs)[..., None]
        mixed[i] = inputs[i] * (1 - weight) + partners[i] * weight
    if plan.tiles is not None:
        for i in np.flatnonzero(plan.tiles.tiled & plan.chosen).tolist():
            mixed[i] = _tiled(inputs, plan.tiles, i)
    return mixed


def _tiled(inputs: Float[Tensor, "b h w c=3"], tiles: Tiles, i: int) -> Float[Tensor, "h w c=3"]:
    """Windows of some pictures side by side, each averaged over the areas that its new pixels cover."""
    made = torch.empty_like(inputs[i])
    numbers = (tiles.partner[i].tolist(), tiles.source[i].tolist(), tiles.target[i].tolist())
    for j, (x0, y0, x1, y1), (left, top, right, bottom) in zip(*numbers, strict=True):
        if right > left and bottom > top:
            window = inputs[j, y0:y1, x0:x1]
            rows = area_shares(y1 - y0, np.array([bottom - top]), window)[0]
            columns = area_shares(x1 - x0, np.array([right - left]), window)[0]
            small = torch.einsum("jw,iwc->ijc", columns, torch.einsum("ih,hwc->iwc", rows, window))
            made[top:bottom, left:right] = small
    return made


def axis_weights(
    low: Float[NDArray[np.float64], " b"],
    high: Float[NDArray[np.float64], " b"],
    *,
    size: int,
    count: int,
    dtype: torch.dtype,
    device: torch.device,
) -> Float[Tensor, "b count size"]:
    """How much each pixel of an axis counts for each pixel of the input; each row adds up to 1.

    A triangle of half width max(scale, 1) around each center, where scale is pixels of the picture
    per pixel of the input; what lies beyond the ends is reflected.
    """
    scale = (high - low) / count
    radius = np.maximum(scale, 1.0)
    beyond = math.ceil(float(radius.max()) + max(0.0, float(-low.min()), float(high.max()) - size))
    center = low[:, None] + (np.arange(count) + 0.5) * scale[:, None]
    at = torch.arange(-beyond, size + beyond, device=device, dtype=torch.float64) + 0.5
    distance = (at - torch.from_numpy(center).to(device)[..., None]).abs()
    weight = (1 - distance / torch.from_numpy(radius).to(device)[:, None, None]).clamp(min=0)
    weight = (weight / weight.sum(2, keepdim=True)).to(dtype)
    period = max(2 * (size - 1), 1)
    place = np.arange(-beyond, size + beyond) % period
    place = np.where(place < size, place, period - place) if size > 1 else np.zeros_like(place)
    # A product, not sums by index: those would add up in another order every time on a GPU.
    fold = torch.zeros((len(place), size), dtype=dtype)
    fold[torch.arange(len(place)), torch.from_numpy(place)] = 1
    return weight @ fold.to(device)


def _carried_out(
    pixels: UInt8[Tensor, "b h w c=3"], plan: Plan, dtype: torch.dtype
) -> Float[Tensor, "b height width c=3"]:
    """All passes in turn; between them levels are rounded to whole ones."""
    for one in plan.passes[:-1]:
        height, width = _size(one)[0].tolist()
        pixels = _passed(pixels, one, height, width, dtype, plan.border).round().to(torch.uint8)
        if one.filter is not None:
            pixels = _filtered(pixels, one.filter)
    return _passed(pixels, plan.passes[-1], plan.height, plan.width, dtype, plan.border)


def _filtered(pixels: UInt8[Tensor, "b h w c=3"], filter_: Filter) -> UInt8[Tensor, "b h w c=3"]:
    made = pixels.clone()
    for i in np.flatnonzero(filter_.chosen).tolist():
        made[i] = torch.from_numpy(filter_.apply(pixels[i].cpu().numpy(), i)).to(pixels.device)
    return made


def _passed(
    pixels: UInt8[Tensor, "b tall wide c=3"],
    one: Pass,
    height: int,
    width: int,
    dtype: torch.dtype,
    border: Border,
) -> Float[Tensor, "b height width c=3"]:
    """One pass of pictures of one size: each by the kind of its geometry, and their tones together."""
    values, matrix = pixels.to(dtype), one.matrix / one.matrix[:, 2:, 2:]
    upright = (matrix[:, 2, :2] == 0).all(axis=1) & ~one.bent
    straight = upright & (matrix[:, [0, 1], [1, 0]] == 0).all(axis=1)
    turned = upright & (matrix[:, [0, 1], [0, 1]] == 0).all(axis=1)
    if border.kind != "reflect":
        straight &= ~_sees_beyond(matrix, height, width, pixels.shape[1:3])
        turned &= False
    made = torch.empty((len(pixels), height, width, 3)).to(values)
    for chosen, kind in ((straight, 0), (turned, 1), (~(straight | turned), 2)):
        picked = np.flatnonzero(chosen)
        if not len(picked):
            continue
        where = torch.from_numpy(picked).to(values.device)
        some = values if len(picked) == len(values) else values[where]
        if kind == 2:
            made[where] = sampled(some, _pass_of(one, picked), height, width, border)
        elif kind == 1:  # A quarter turn: the axes change their places.
            made[where] = _upright(some.transpose(1, 2), matrix[picked][:, [1, 0, 2]], height, width)
        else:
            made[where] = _upright(some, matrix[picked], height, width)
    return toned(made, pixels, one)


def _sees_beyond(matrix: NDArray[np.float64], height: int, width: int, size: torch.Size) -> NDArray[np.bool_]:
    beyond = np.zeros(len(matrix), dtype=np.bool_)
    for axis, count, length in ((0, width, size[1]), (1, height, size[0])):
        start, end = matrix[:, axis, 2], matrix[:, axis, 2] + matrix[:, axis, axis] * count
        beyond |= (np.minimum(start, end) < 0) | (np.maximum(start, end) > length)
    return beyond


def _size(one: Pass) -> NDArray[np.int64]:
    return np.ceil(one.canvas - 1e-6).astype(np.int64).clip(min=1)


def _pass_of(one: Pass, picked: NDArray[np.int64]) -> Pass:
    """A pass of some of the pictures."""
    filter_, bends = one.filter, one.bends
    if filter_ is not None:
        apply = filter_.apply
        filter_ = dataclasses.replace(
            filter_,
            chosen=filter_.chosen[picked],
            apply=lambda pixels, i: apply(pixels, int(picked[i])),
        )
    bends = tuple(Bend(field=_only(bend.field, picked), matrix=bend.matrix[picked]) for bend in one.bends)
    return dataclasses.replace(
        one,
        matrix=one.matrix[picked],
        canvas=one.canvas[picked],
        tones=tuple(_only(tone, picked) for tone in one.tones),
        filter=filter_,
        bends=bends,
    )


def _only(stage: _Stage, picked: NDArray[np.int64]) -> _Stage:
    """A stage of some of the pictures."""
    values = {one.name: getattr(stage, one.name) for one in dataclasses.fields(stage)}
    numbers = {n: value[picked] for n, value in values.items() if isinstance(value, np.ndarray)}
    return dataclasses.replace(stage, **numbers)


def _upright(
    values: Float[Tensor, "b h w c=3"], matrix: NDArray[np.float64], height: int, width: int
) -> Float[Tensor, "b height width c=3"]:
    """Resample along both axes, a whole batch at once."""
    tall, wide = values.shape[1:3]
    options = {"dtype": values.dtype, "device": values.device}
    rows = _weights(matrix[:, 1, 2], matrix[:, 1, 1], size=tall, count=height, **options)
    columns = _weights(matrix[:, 0, 2], matrix[:, 0, 0], size=wide, count=width, **options)
    return torch.einsum("bjw,biwc->bijc", columns, torch.einsum("bih,bhwc->biwc", rows, values))


def _weights(
    start: NDArray[np.float64], scale: NDArray[np.float64], *, size: int, count: int, **options
) -> Float[Tensor, "b count size"]:
    end = start + scale * count
    low, high = np.minimum(start, end), np.maximum(start, end)
    weights = axis_weights(low, high, size=size, count=count, **options)
    backward = torch.from_numpy(scale < 0).to(weights.device)[:, None, None]
    return torch.where(backward, weights.flip(1), weights)
