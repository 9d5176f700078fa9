"""The reference engine: the same plan carried out in tensors on any device, written from the definitions.

It is what the compiled engine is tested against, in float64, and what runs where pictures lie on a
GPU. Batches with upright geometry in one pass go through two matrix products; all others picture by
picture.
"""

import dataclasses
import math

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vitral.augment.geometry import seen, shrunk_size
from vitral.augment.plan import Pass, Plan
from vitral.augment.stages import Color, Cover, Curve, Hue, Mix

_LAST = 255.0


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
    if len(plan.passes) == 1 and _straight(plan.passes[0].matrix).all():
        made = _toned(_upright(pixels.to(dtype), plan), pixels, plan.passes[0])
    else:
        made = torch.stack([_one(pixels[i], plan, i, dtype) for i in range(len(pixels))])
    return made * torch.from_numpy(gain).to(made) + torch.from_numpy(offset).to(made)


def mix_tensor(inputs: Float[Tensor, "b h w c=3"], plan: Mix) -> Float[Tensor, "b h w c=3"]:
    """Blend partners in, or paste parts of them; the result is a new tensor when anything is mixed."""
    if not plan.chosen.any():
        return inputs
    height, width = inputs.shape[1:3]
    partners = inputs[torch.from_numpy(plan.partner).to(inputs.device)]
    blended, pasted = torch.from_numpy(plan.blended).to(inputs.device), plan.pasted
    share = torch.from_numpy(np.where(plan.blended, plan.share, 1.0)).to(inputs)[:, None, None, None]
    mixed = torch.where(blended[:, None, None, None], inputs * share + partners * (1 - share), inputs)
    y, x = np.arange(height)[:, None], np.arange(width)[None, :]
    x0, y0, x1, y1 = (pasted[:, k, None, None] for k in range(4))
    covered = torch.from_numpy((x >= x0) & (x < x1) & (y >= y0) & (y < y1)).to(inputs.device)
    return torch.where(covered[..., None], partners, mixed)


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


def _straight(matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
    still = matrix[:, [0, 1, 2, 2], [1, 0, 0, 1]] == 0
    return still.all(axis=1) & (matrix[:, 2, 2] == 1)


def _upright(values: Float[Tensor, "b h w c=3"], plan: Plan) -> Float[Tensor, "b height width c=3"]:
    """Resample along both axes, a whole batch at once."""
    matrix, (tall, wide) = plan.passes[0].matrix, values.shape[1:3]
    options = {"dtype": values.dtype, "device": values.device}
    rows = _weights(matrix[:, 1, 2], matrix[:, 1, 1], size=tall, count=plan.height, **options)
    columns = _weights(matrix[:, 0, 2], matrix[:, 0, 0], size=wide, count=plan.width, **options)
    return torch.einsum("bjw,biwc->bijc", columns, torch.einsum("bih,bhwc->biwc", rows, values))


def _weights(
    start: NDArray[np.float64], scale: NDArray[np.float64], *, size: int, count: int, **options
) -> Float[Tensor, "b count size"]:
    end = start + scale * count
    low, high = np.minimum(start, end), np.maximum(start, end)
    weights = axis_weights(low, high, size=size, count=count, **options)
    backward = torch.from_numpy(scale < 0).to(weights.device)[:, None, None]
    return torch.where(backward, weights.flip(1), weights)


def _one(
    pixels: UInt8[Tensor, "h w c=3"], plan: Plan, i: int, dtype: torch.dtype
) -> Float[Tensor, "h w c=3"]:
    """One picture through all passes; between passes levels are rounded to whole ones."""
    for one in plan.passes[:-1]:
        height, width = np.ceil(one.canvas[i] - 1e-6).astype(int).clip(min=1).tolist()
        made = _passed(pixels, one, i, height, width, dtype)
        pixels = made.round().to(torch.uint8)
        if one.filter is not None and one.filter.chosen[i]:
            pixels = torch.from_numpy(one.filter.apply(pixels.cpu().numpy(), i)).to(pixels.device)
    return _passed(pixels, plan.passes[-1], i, plan.height, plan.width, dtype)


def _passed(
    pixels: UInt8[Tensor, "h w c=3"], one: Pass, i: int, height: int, width: int, dtype: torch.dtype
) -> Float[Tensor, "height width c=3"]:
    matrix = one.matrix[i] / one.matrix[i, 2, 2]
    values = pixels.to(dtype)
    if matrix[2, 0] == matrix[2, 1] == 0 and matrix[0, 0] == matrix[1, 1] == 0:
        # A quarter turn: the axes change their places.
        values, matrix = values.transpose(0, 1), matrix[[1, 0, 2]]
    if _straight(matrix[None]).all():
        options = {"dtype": dtype, "device": values.device}
        rows = _weights(matrix[1:2, 2], matrix[1:2, 1], size=values.shape[0], count=height, **options)[0]
        columns = _weights(matrix[0:1, 2], matrix[0:1, 0], size=values.shape[1], count=width, **options)[0]
        made = torch.einsum("jw,iwc->ijc", columns, torch.einsum("ih,hwc->iwc", rows, values))
    else:
        made = _sampled(*_shrunk(values, matrix, height, width), height, width)
    sliced = Pass(
        ops=one.ops,
        matrix=one.matrix[i : i + 1],
        canvas=one.canvas[i : i + 1],
        tones=tuple(_only(tone, i) for tone in one.tones),
    )
    return _toned(made[None], pixels[None], sliced)[0]


def _shrunk(
    values: Float[Tensor, "h w c=3"], matrix: NDArray[np.float64], height: int, width: int
) -> tuple[Float[Tensor, "h w c=3"], NDArray[np.float64]]:
    """Average pixels over the areas they cover at the scale at which they will be seen."""
    tall, wide = values.shape[:2]
    new_tall, new_wide = shrunk_size(matrix, height, width, values.shape)
    rows, columns = (_areas(size, new, values) for size, new in ((tall, new_tall), (wide, new_wide)))
    small = torch.einsum("jw,iwc->ijc", columns, torch.einsum("ih,hwc->iwc", rows, values))
    return small, np.diag([new_wide / wide, new_tall / tall, 1.0]) @ matrix


def _areas(size: int, count: int, like: Tensor) -> Float[Tensor, "count size"]:
    """What share of each new pixel each old one covers."""
    edges = torch.arange(count + 1, dtype=like.dtype, device=like.device) * (size / count)
    at = torch.arange(size, dtype=like.dtype, device=like.device)
    low = torch.maximum(edges[:-1, None], at)
    return (torch.minimum(edges[1:, None], at + 1) - low).clamp(min=0) * (count / size)


def _sampled(
    values: Float[Tensor, "h w c=3"], matrix: NDArray[np.float64], height: int, width: int
) -> Float[Tensor, "height width c=3"]:
    """Linear between the four pixels around each place; beyond the border pixels are reflected."""
    place = torch.from_numpy(matrix).to(values)
    v, u = torch.meshgrid(
        torch.arange(height).to(values) + 0.5, torch.arange(width).to(values) + 0.5, indexing="ij"
    )
    x, y, depth = (place[k, 0] * u + place[k, 1] * v + place[k, 2] for k in range(3))
    x, y = x / depth - 0.5, y / depth - 0.5
    left, top = x.floor(), y.floor()
    made = torch.zeros((height, width, 3)).to(values)
    for row, weight_y in ((top, 1 - (y - top)), (top + 1, y - top)):
        for column, weight_x in ((left, 1 - (x - left)), (left + 1, x - left)):
            found = values[_reflected(row, values.shape[0]), _reflected(column, values.shape[1])]
            made += (weight_x * weight_y)[..., None] * found
    return made


def _reflected(at: Tensor, size: int) -> Tensor:
    if size == 1:
        return torch.zeros_like(at, dtype=torch.int64)
    period = 2 * (size - 1)
    at = at.long() % period
    return torch.where(at < size, at, period - at)


def _only(tone, i: int):
    """A tone of one picture alone."""
    numbers = {name: value[i : i + 1] for name, value in vars(tone).items() if isinstance(value, np.ndarray)}
    return dataclasses.replace(tone, **numbers)


def _toned(made: Float[Tensor, "b h w c=3"], pixels: Tensor, one: Pass) -> Float[Tensor, "b h w c=3"]:
    """Carry out the tones of a pass in turn; at last levels lie in [0, 255]."""
    for tone in one.tones:
        if isinstance(tone, Color):
            matrix, added = torch.from_numpy(tone.matrix).to(made), None
            if tone.of_means.any():
                means = _means(pixels, one, made)
                added = torch.einsum("bij,bj->bi", torch.from_numpy(tone.of_means).to(made), means)
            made = torch.einsum("bij,bhwj->bhwi", matrix[..., :3], made) + matrix[:, None, None, :, 3]
            made = made if added is None else made + added[:, None, None]
        elif isinstance(tone, Curve):
            made = _curved(made.clamp(0, _LAST), torch.from_numpy(tone.table).to(made))
        elif isinstance(tone, Hue):
            made = _turned(made.clamp(0, _LAST), torch.from_numpy(tone.turn).to(made))
        else:
            made = _covered(made, tone)
    return made.clamp(0, _LAST) if one.tones else made


def _curved(
    values: Float[Tensor, "b h w c=3"], table: Float[Tensor, "b c=3 256"]
) -> Float[Tensor, "b h w c=3"]:
    low = values.floor().clamp(max=_LAST - 1).long()
    made = torch.empty_like(values)
    for c in range(3):
        flat = low[..., c].flatten(1)
        below, above = (table[:, c].gather(1, flat + k).view_as(low[..., c]) for k in (0, 1))
        made[..., c] = below + (above - below) * (values[..., c] - low[..., c])
    return made


def _turned(values: Float[Tensor, "b h w c=3"], turn: Float[Tensor, " b"]) -> Float[Tensor, "b h w c=3"]:
    """Turn the hue of the HSV model.

    Source:
        Smith 1978, "Color gamut transform pairs", the hexcone model.
    """
    high, low = values.amax(-1), values.amin(-1)
    range_ = high - low
    r, g, b = values.unbind(-1)
    scale = 1 / range_.clamp(min=1e-6)
    h = torch.where(
        r == high, (g - b) * scale, torch.where(g == high, (b - r) * scale + 2, (r - g) * scale + 4)
    )
    h = h + 6 * turn[:, None, None]
    channels = []
    for start in (5, 3, 1):
        k = (h + start) % 6
        channels.append(high - range_ * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.stack(channels, dim=-1)


def _covered(values: Float[Tensor, "b h w c=3"], cover: Cover) -> Float[Tensor, "b h w c=3"]:
    values = values.clone()
    height, width = values.shape[1:3]
    for i, boxes in enumerate(cover.boxes):
        scale = np.tile((width, height) / cover.canvas[i, ::-1], 2)
        for box, color in zip(boxes * scale, cover.colors[i], strict=True):
            x0, y0, x1, y1 = np.clip(np.rint(box), 0, [width, height, width, height]).astype(int)
            values[i, y0:y1, x0:x1] = torch.from_numpy(color).to(values)
    return values


def _means(pixels: Tensor, one: Pass, made: Tensor) -> Float[Tensor, "b c=3"]:
    """Means of the channels over the pixels that what is seen touches, inside the picture."""
    means = []
    for picture, matrix in zip(pixels, one.matrix, strict=True):
        tall, wide = picture.shape[:2]
        x0, y0, x1, y1 = seen(matrix / matrix[2, 2], made.shape[1], made.shape[2], picture.shape)
        left, top = min(max(int(x0), 0), wide - 1), min(max(int(y0), 0), tall - 1)
        right, bottom = min(max(math.ceil(x1), left + 1), wide), min(max(math.ceil(y1), top + 1), tall)
        means.append(picture[top:bottom, left:right].to(made.dtype).mean((0, 1)))
    return torch.stack(means)
