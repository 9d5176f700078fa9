"""`Rendering`: carry out a plan on the pixels of a batch, picture by picture, on the processor."""

import functools
import os
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.engines.prepared import Prepared, Source, Three
from vitral.augment.engines.reference import plan_of, render_tensor
from vitral.augment.plan import Plan
from vitral.augment.stages import Mix
from vitral.augment.targets.pasting import Pasted
from vitral.core import OptionError, did_you_mean

Pictures = NDArray[np.uint8] | Sequence[Source]
ENGINE = "VITRAL_AUGMENT_ENGINE"
"""The environment variable that says which engine renders pictures in the processor's memory."""
_ENGINES = ("compiled", "reference")


def levels_to_inputs(mean: Sequence[float], std: Sequence[float]) -> tuple[Three, Three]:
    """Gain and offset that take a level in [0, 255] to (level / 255 - mean) / std."""
    deviation = np.array(std, dtype=np.float64)
    offset = -np.array(mean, dtype=np.float64) / deviation
    return (1 / (255 * deviation)).astype(np.float32), offset.astype(np.float32)


class Rendering:
    """A plan ready to be carried out on the pixels of a batch, picture by picture.

    Regions of the input's own size at whole pixels, with nothing to tone, are only copied and
    normalized. Other upright regions are resampled along both axes: linearly between pixels when they
    grow, averaged under a triangle when they shrink; see `regions`. Everything else is first shrunk to
    the scale at which it will be seen and then sampled linearly; see `warps`. Where the environment asks
    for the reference, that makes each picture instead, in float64.

    Args:
        pixels: the pictures of the batch; of those not decoded yet, only what will be seen is.
        plan: what happens to each.
    Raises:
        OptionError: the environment asks for an engine that does not exist.
    """

    def __init__(self, pixels: Pictures, plan: Plan) -> None:
        self._pixels, self._plan = pixels, plan
        self._by_reference = engine() == "reference"
        self._passes = [Prepared(one, plan.border) for one in plan.passes]

    @functools.cached_property
    def _moved(self) -> NDArray[np.bool_]:
        """Which pictures are cut out at whole pixels by the only pass there is."""
        plan = self._plan
        if len(self._passes) > 1:
            return np.zeros(len(plan.sizes), dtype=np.bool_)
        return self._passes[0].moved((plan.height, plan.width), plan.sizes)

    @functools.cached_property
    def _kinds(self) -> NDArray[np.int64]:
        """Which pictures may be done together by the last pass; see `Prepared.kinds`."""
        passes = self._plan.passes
        sizes = np.ceil(passes[-2].canvas - 1e-6) if len(passes) > 1 else self._plan.sizes
        return self._passes[-1].kinds(np.asarray(sizes, dtype=np.int64))

    def levels(self, i: int) -> NDArray[np.uint8]:
        """What is made of a picture, as levels: uint8 of height x width x 3; perhaps the picture itself.

        Raises:
            ImageError: the picture cannot be decoded.
        """
        if self._by_reference:
            made = self._reference(i, np.ones(3, np.float32), np.zeros(3, np.float32))
            return np.clip(np.rint(made), 0, 255).astype(np.uint8)
        source = self._pixels[i]
        for one in self._passes:
            source = one.levels(source, i)
        assert isinstance(source, np.ndarray)
        return source

    def part(
        self,
        start: int,
        stop: int,
        gain: Three,
        offset: Three,
        out: Float[NDArray[np.float32], "b h w c=3"],
    ) -> None:
        """Write the inputs of the pictures from `start` to before `stop`.

        Args:
            start: number of the first picture.
            stop: number behind the last.
            gain: of red, green and blue: what a level is multiplied by.
            offset: of the same: what is added then.
            out: where these pictures go.
        Raises:
            ImageError: a picture cannot be decoded.
        """
        if self._by_reference:
            for i in range(start, stop):
                out[i - start] = self._reference(i, gain, offset)
            return
        rows = out.reshape(len(out), out.shape[1], 3 * out.shape[2])
        if isinstance(self._pixels, np.ndarray) and self._moved[start:stop].all():
            self._move(np.ascontiguousarray(self._pixels[start:stop]), start, gain, offset, rows)
            return
        kinds = self._kinds[start:stop]
        alike = stop > start and kinds[0] and (kinds == kinds[0]).all()
        if alike and isinstance(self._pixels, np.ndarray) and len(self._passes) == 1:
            self._passes[0].render_many(self._pixels[start:stop], start, int(kinds[0]), gain, offset, rows)
            return
        for i in range(start, stop):
            source, target = self._pixels[i], rows[i - start]
            if self._moved[i] and isinstance(source, np.ndarray):
                self._move(np.ascontiguousarray(source[None]), i, gain, offset, target[None])
                continue
            for one in self._passes[:-1]:
                source = one.levels(source, i)
            if self._kinds[i] and isinstance(source, np.ndarray):
                kind = int(self._kinds[i])
                self._passes[-1].render_many(source[None], i, kind, gain, offset, target[None])
            else:
                self._passes[-1].render(source, i, gain, offset, target)

    def _reference(self, i: int, gain: Three, offset: Three) -> Float[NDArray[np.float64], "h w c=3"]:
        source = self._pixels[i]
        if not isinstance(source, np.ndarray):
            tall, wide = source.shape[:2]
            source, _ = source.region((0, 0, wide, tall), height=tall, width=wide)
        return by_reference(source, self._plan, i, gain, offset)

    def _move(
        self, pictures: NDArray[np.uint8], start: int, gain: Three, offset: Three, out: NDArray[np.float32]
    ) -> None:
        from vitral.augment.kernels.windows import render_windows

        part = slice(start, start + len(pictures))
        sources = pictures.reshape(len(pictures), pictures.shape[1], 3 * pictures.shape[2])
        boxes, mirrored = self._passes[0].boxes[part], self._passes[0].mirrored[part]
        x0, y0 = np.ascontiguousarray(boxes[:, :2].T, dtype=np.int64)
        render_windows(sources, x0, y0, mirrored, gain, offset, out)


def by_reference(
    pixels: NDArray[np.uint8], plan: Plan, i: int, gain: Three, offset: Three
) -> Float[NDArray[np.float64], "h w c=3"]:
    """Picture `i` of a plan as the reference makes it, in float64."""
    alone, held = plan_of(plan, np.array([i])), torch.from_numpy(np.array(pixels)[None])
    return render_tensor(held, alone, gain=gain, offset=offset, dtype=torch.float64)[0].numpy()


def engine() -> str:
    """Which engine the environment asks for.

    Raises:
        OptionError: one that does not exist.
    """
    name = os.environ.get(ENGINE) or "compiled"
    if name not in _ENGINES:
        near = did_you_mean(name, _ENGINES)
        raise OptionError(f"{ENGINE}: must be one of {', '.join(_ENGINES)}, got {name!r}{near}")
    return name


def mix(
    inputs: Float[NDArray[np.float32], "b h w c=3"], plan: Mix, pasted: Mapping[int, Pasted] | None = None
) -> None:
    """Blend partners in, paste parts of them, or show several side by side, in place.

    Args:
        inputs: of all pictures of a batch.
        plan: who is mixed with whom, and how.
        pasted: the objects that are pasted into each picture.
    """
    tiles = plan.tiles
    tiled = np.zeros(len(inputs), dtype=np.bool_) if tiles is None else tiles.tiled & plan.chosen
    mixed = np.flatnonzero(plan.chosen & ~tiled)
    # A partner may itself be mixed: it gives what it was before.
    partners = inputs[plan.partner[mixed]]
    if tiles is not None:
        shown = {j: inputs[j].copy() for j in np.unique(tiles.partner[tiled]).tolist()}
        for i in np.flatnonzero(tiled).tolist():
            for j, source, target in zip(tiles.partner[i], tiles.source[i], tiles.target[i], strict=True):
                _show(shown[int(j)], source, target, inputs[i])
    for i, other in zip(mixed, partners, strict=True):
        if plan.blended[i]:
            share = np.float32(plan.share[i])
            inputs[i] *= share
            other *= 1 - share
            inputs[i] += other
        x0, y0, x1, y1 = plan.pasted[i]
        inputs[i, y0:y1, x0:x1] = other[y0:y1, x0:x1]
        if pasted is not None and int(i) in pasted:
            weight = pasted[int(i)].weight[..., None]
            if pasted[int(i)].sharp:
                np.copyto(inputs[i], other, where=weight > 0)
            else:
                # Not own + (other - own) * weight: where that is 1, the partner's pixel stays as it is.
                inputs[i] = inputs[i] * (1 - weight) + other * weight


def _show(
    picture: NDArray[np.float32],
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    out: NDArray[np.float32],
) -> None:
    """Put a window of a picture where it goes, shrunk by area if it is larger."""
    x0, y0, x1, y1 = source
    left, top, right, bottom = target
    if right <= left or bottom <= top:
        return
    window = picture[y0:y1, x0:x1]
    if window.shape[:2] != (bottom - top, right - left):
        import cv2

        size = (int(right - left), int(bottom - top))
        window = cv2.resize(window.astype(np.float32, copy=False), size, interpolation=cv2.INTER_AREA)
    out[top:bottom, left:right] = window
