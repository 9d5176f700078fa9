"""`render_tensor`: the same pass as `render`, for a whole batch of one size in tensors on any device.

It is written from the definition, two matrix products per picture, so it is also what `render`
is tested against; in float64 it is exact to the last digits.
"""

import math

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vitral.augment.plan import Plan


def render_tensor(
    pixels: UInt8[Tensor, "b h w c=3"],
    plan: Plan,
    *,
    gain: NDArray[np.float32],
    offset: NDArray[np.float32],
    dtype: torch.dtype = torch.float32,
) -> Float[Tensor, "b height width c=3"]:
    """Bring each picture's region to the input's size, mirror, tone and normalize it.

    Args:
        pixels: pictures of one size on any device; the result is on the same.
        plan: what happens to each picture.
        gain: of red, green and blue: what a level is multiplied by.
        offset: of the same: what is added then.
        dtype: float32 or float64.
    """
    device = pixels.device
    values = pixels.to(dtype)
    tall, wide = pixels.shape[1:3]
    x0, y0, x1, y1 = plan.box.T
    rows = axis_weights(y0, y1, size=tall, count=plan.height, dtype=dtype, device=device)
    columns = axis_weights(x0, x1, size=wide, count=plan.width, dtype=dtype, device=device)
    mirrored = torch.from_numpy(plan.flip).to(device)[:, None, None]
    columns = torch.where(mirrored, columns.flip(1), columns)
    placed = torch.einsum("bih,bhwc->biwc", rows, values)
    placed = torch.einsum("bjw,biwc->bijc", columns, placed)
    if not plan.untoned.all():
        placed = _toned(placed, values, plan)
    return placed * torch.from_numpy(gain).to(placed) + torch.from_numpy(offset).to(placed)


def mix_tensor(inputs: Float[Tensor, "b h w c=3"], plan: Plan) -> Float[Tensor, "b h w c=3"]:
    """Blend partners in, or paste parts of them; the result is a new tensor when anything is mixed."""
    if not plan.mixed.any():
        return inputs
    partners = inputs[torch.from_numpy(plan.partner).to(inputs.device)]
    blended, pasted = torch.from_numpy(plan.blended).to(inputs.device), plan.pasted
    share = torch.from_numpy(np.where(plan.blended, plan.share, 1.0)).to(inputs)[:, None, None, None]
    mixed = torch.where(blended[:, None, None, None], inputs * share + partners * (1 - share), inputs)
    y, x = np.arange(plan.height)[:, None], np.arange(plan.width)[None, :]
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


def _toned(placed: Tensor, values: Tensor, plan: Plan) -> Tensor:
    brightness = torch.from_numpy(plan.brightness).to(placed)[:, None, None, None]
    contrast = torch.from_numpy(plan.contrast).to(placed)[:, None, None, None]
    middle = brightness * _mean_level(values, plan)[:, None, None, None]
    return (middle + contrast * (brightness * placed - middle)).clamp(0, 255)


def _mean_level(values: Tensor, plan: Plan) -> Tensor:
    """Mean of all channels over the pixels that a box touches, inside the picture."""
    tall, wide = values.shape[1:3]
    touched = []
    for low, high, size in ((plan.box[:, 1], plan.box[:, 3], tall), (plan.box[:, 0], plan.box[:, 2], wide)):
        first = np.clip(low.astype(np.int64), 0, size - 1)
        last = np.clip(np.ceil(high).astype(np.int64), first + 1, size)
        at = np.arange(size)
        touched.append(torch.from_numpy((at >= first[:, None]) & (at < last[:, None])).to(values))
    total = torch.einsum("bh,bw,bhwc->b", *touched, values)
    return total / (3 * touched[0].sum(1) * touched[1].sum(1))
