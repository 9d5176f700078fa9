"""`render`: carry out a plan on the pixels of a batch, in one pass."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from vitral.augment.plan import Plan
from vitral.augment.resize import resize

_LEVELS = np.arange(256, dtype=np.float64)


def place(pixels: NDArray[np.uint8] | Sequence[NDArray[np.uint8]], plan: Plan) -> UInt8[NDArray, "b h w c=3"]:
    """Cut each picture's region out, bring it to the input's size and mirror it.

    Pictures of one array that are only moved and mirrored are done all at once.
    """
    corners = plan.corners
    size = np.array([plan.width, plan.height])
    if isinstance(pixels, np.ndarray) and (corners[:, 2:] - corners[:, :2] == size).all():
        return _windows(pixels, corners[:, :2], plan)
    placed = np.empty((len(pixels), plan.height, plan.width, 3), dtype=np.uint8)
    for i, picture in enumerate(pixels):
        region = resize(_region(picture, corners[i]), plan.height, plan.width)
        if plan.flip[i]:
            cv2.flip(region, 1, dst=placed[i])
        else:
            placed[i] = region
    return placed


def tone(
    placed: UInt8[NDArray, "b h w c=3"], plan: Plan, *, mean: Sequence[float], std: Sequence[float]
) -> NDArray:
    """Change brightness and contrast, and normalize: (x / 255 - mean) / std.

    Returns:
        float32 of b x h x w x 3.
    """
    scale, offset = 1 / (255 * np.array(std)), -np.array(mean) / np.array(std)
    toned = np.empty(placed.shape, dtype=np.float32)
    if (plan.brightness == 1).all() and (plan.contrast == 1).all():
        # Whole rows of pixels at once: numpy is slow on a last axis of three.
        rows = toned.reshape(len(placed), placed.shape[1], -1)
        np.copyto(rows, placed.reshape(rows.shape))
        rows *= np.tile(scale, plan.width).astype(np.float32)
        rows += np.tile(offset, plan.width).astype(np.float32)
        return toned
    for i, picture in enumerate(placed):
        levels = _LEVELS * plan.brightness[i]
        if plan.contrast[i] != 1:
            middle = plan.brightness[i] * sum(cv2.mean(picture)[:3]) / 3
            levels = middle + plan.contrast[i] * (levels - middle)
        table = np.clip(levels, 0, 255)[:, None] * scale + offset
        cv2.LUT(picture, table.astype(np.float32)[None], dst=toned[i])
    return toned


def mix(toned: Float[NDArray[np.float32], "b h w c=3"], plan: Plan) -> None:
    """Blend partners in, or paste parts of them, in place."""
    mixed = np.flatnonzero(plan.mixed)
    # A partner may itself be mixed: it gives what it was before.
    partners = toned[plan.partner[mixed]]
    for i, other in zip(mixed, partners, strict=True):
        if plan.blended[i]:
            share = np.float32(plan.share[i])
            toned[i] *= share
            other *= 1 - share
            toned[i] += other
        x0, y0, x1, y1 = plan.pasted[i]
        toned[i, y0:y1, x0:x1] = other[y0:y1, x0:x1]


def _windows(pixels: NDArray[np.uint8], start: NDArray[np.int64], plan: Plan) -> NDArray[np.uint8]:
    """Regions of the input's own size from one array: no resize, no loop over pictures."""
    far = start.max(axis=0) - (pixels.shape[2] - plan.width, pixels.shape[1] - plan.height)
    left, top = np.maximum(-start.min(axis=0), 0)
    right, bottom = np.maximum(far, 0)
    if left or top or right or bottom:
        pixels = np.pad(pixels, ((0, 0), (top, bottom), (left, right), (0, 0)), mode="reflect")
    windows = sliding_window_view(pixels, (plan.height, plan.width), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    placed = windows[np.arange(len(pixels)), start[:, 1] + top, start[:, 0] + left]
    flip = np.flatnonzero(plan.flip)
    if len(flip):
        rows = placed[flip].reshape(-1, plan.width, 3)
        placed[flip] = cv2.flip(rows, 1).reshape(len(flip), plan.height, plan.width, 3)
    return placed


def _region(picture: NDArray[np.uint8], corners: NDArray[np.int64]) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = (int(n) for n in corners)
    tall, wide = picture.shape[:2]
    left, top, right, bottom = max(-x0, 0), max(-y0, 0), max(x1 - wide, 0), max(y1 - tall, 0)
    if left or top or right or bottom:
        wider = cv2.copyMakeBorder(picture, top, bottom, left, right, cv2.BORDER_REFLECT_101)
        picture = np.asarray(wider, np.uint8)
    return picture[y0 + top : y1 + top, x0 + left : x1 + left]
