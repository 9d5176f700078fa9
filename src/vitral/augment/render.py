"""`render`: carry out a plan on the pixels of a batch, in one pass, picture by picture."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.plan import Plan
from vitral.core import Undecoded

Pictures = NDArray[np.uint8] | Sequence[NDArray[np.uint8] | Undecoded]
Three = Float[NDArray[np.float32], " c=3"]


def levels_to_inputs(mean: Sequence[float], std: Sequence[float]) -> tuple[Three, Three]:
    """Gain and offset that take a level in [0, 255] to (level / 255 - mean) / std."""
    deviation = np.array(std, dtype=np.float64)
    offset = -np.array(mean, dtype=np.float64) / deviation
    return (1 / (255 * deviation)).astype(np.float32), offset.astype(np.float32)


def render(
    pixels: Pictures,
    plan: Plan,
    gain: Three,
    offset: Three,
    out: Float[NDArray[np.float32], "b h w c=3"],
    part: slice,
) -> None:
    """Bring each picture's region to the input's size, mirror, tone and normalize it.

    A region of the input's own size at whole pixels, with nothing to tone, is only copied and
    normalized. All others are resampled: linearly between pixels when they grow, averaged under a
    triangle when they shrink; see `kernels`.

    Args:
        pixels: the pictures of the batch; of those not decoded yet, only the region is.
        plan: what happens to each.
        gain: of red, green and blue: what a level is multiplied by.
        offset: of the same: what is added then.
        out: where all pictures of the batch go; only `part` is written.
        part: which pictures to do.
    Raises:
        ImageError: a picture cannot be decoded.
    """
    flat = out.reshape(len(out), out.shape[1], 3 * out.shape[2])
    if isinstance(pixels, np.ndarray):
        still = plan.untoned[part] & _at_whole_pixels(plan, plan.box[part])
        if still.all():
            _windows(np.ascontiguousarray(pixels[part]), plan, part, plan.box[part], (gain, offset), flat)
            return
    for i in range(part.start, part.stop):
        picture, box = pixels[i], plan.box[i : i + 1]
        if not isinstance(picture, np.ndarray):
            x0, y0, x1, y1 = box[0].tolist()
            picture, found = picture.region((x0, y0, x1, y1), height=plan.height, width=plan.width)
            box = np.array([found])
        picture = np.ascontiguousarray(picture)
        if plan.untoned[i] and _at_whole_pixels(plan, box)[0]:
            _windows(picture[None], plan, slice(i, i + 1), box, (gain, offset), flat)
        else:
            _region(picture, plan, i, box[0], (gain, offset), flat[i])


def mix(inputs: Float[NDArray[np.float32], "b h w c=3"], plan: Plan) -> None:
    """Blend partners in, or paste parts of them, in place."""
    mixed = np.flatnonzero(plan.mixed)
    # A partner may itself be mixed: it gives what it was before.
    partners = inputs[plan.partner[mixed]]
    for i, other in zip(mixed, partners, strict=True):
        if plan.blended[i]:
            share = np.float32(plan.share[i])
            inputs[i] *= share
            other *= 1 - share
            inputs[i] += other
        x0, y0, x1, y1 = plan.pasted[i]
        inputs[i, y0:y1, x0:x1] = other[y0:y1, x0:x1]


def _at_whole_pixels(plan: Plan, box: Float[NDArray[np.float64], "b xyxy=4"]) -> NDArray[np.bool_]:
    """Which boxes have the input's own size and begin between two pixels."""
    size = box[:, 2:] - box[:, :2] == (plan.width, plan.height)
    return (size & (box[:, :2] == np.rint(box[:, :2]))).all(axis=1)


def _windows(
    pictures: NDArray[np.uint8],
    plan: Plan,
    part: slice,
    box: NDArray[np.float64],
    levels: tuple[Three, Three],
    out: NDArray[np.float32],
) -> None:
    from vitral.augment.kernels import render_windows

    sources = pictures.reshape(len(pictures), pictures.shape[1], 3 * pictures.shape[2])
    x0, y0 = np.ascontiguousarray(box[:, :2].T, dtype=np.int64)
    render_windows(sources, x0, y0, plan.flip[part], *levels, out[part])


def _region(
    picture: NDArray[np.uint8],
    plan: Plan,
    i: int,
    box: NDArray[np.float64],
    levels: tuple[Three, Three],
    out: NDArray[np.float32],
) -> None:
    from vitral.augment.kernels import render_region

    tone = float(plan.brightness[i]), float(plan.contrast[i])
    source = picture.reshape(picture.shape[0], -1)
    render_region(source, np.ascontiguousarray(box), bool(plan.flip[i]), *tone, *levels, out)
