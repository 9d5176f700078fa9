"""`Rendering`: carry out a plan on the pixels of a batch, picture by picture, on the processor."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.geometry import scales, seen, shrunk_size
from vitral.augment.plan import Pass, Plan
from vitral.augment.program import Program
from vitral.augment.stages import Mix
from vitral.core import Undecoded
from vitral.core.undecoded import Box

Pictures = NDArray[np.uint8] | Sequence[NDArray[np.uint8] | Undecoded]
Three = Float[NDArray[np.float32], " c=3"]


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
    the scale at which it will be seen and then sampled linearly; see `warps`.

    Args:
        pixels: the pictures of the batch; of those not decoded yet, only what will be seen is.
        plan: what happens to each.
        gain: of red, green and blue: what a level is multiplied by.
        offset: of the same: what is added then.
        out: where all pictures of the batch go.
    """

    def __init__(
        self,
        pixels: Pictures,
        plan: Plan,
        gain: Three,
        offset: Three,
        out: Float[NDArray[np.float32], "b h w c=3"],
    ) -> None:
        self._pixels, self._levels = pixels, (gain, offset)
        self._out = out.reshape(len(out), plan.height, 3 * plan.width)
        self._passes = [_Prepared(one) for one in plan.passes]
        self._moved = self._passes[0].moved((plan.height, plan.width))
        if len(self._passes) > 1:
            self._moved[:] = False

    def part(self, start: int, stop: int) -> None:
        """Write the inputs of the pictures from `start` to before `stop`.

        Raises:
            ImageError: a picture cannot be decoded.
        """
        if isinstance(self._pixels, np.ndarray) and self._moved[start:stop].all():
            self._move(np.ascontiguousarray(self._pixels[start:stop]), start)
            return
        for i in range(start, stop):
            self._one(i)

    def _one(self, i: int) -> None:
        source = self._pixels[i]
        if self._moved[i] and isinstance(source, np.ndarray):
            self._move(np.ascontiguousarray(source[None]), i)
            return
        for one in self._passes[:-1]:
            source = one.levels(source, i)
        self._passes[-1].render(source, i, *self._levels, self._out[i])

    def _move(self, pictures: NDArray[np.uint8], start: int) -> None:
        from vitral.augment.windows import render_windows

        part = slice(start, start + len(pictures))
        sources = pictures.reshape(len(pictures), pictures.shape[1], 3 * pictures.shape[2])
        boxes, mirrored = self._passes[0].boxes[part], self._passes[0].mirrored[part]
        x0, y0 = np.ascontiguousarray(boxes[:, :2].T, dtype=np.int64)
        render_windows(sources, x0, y0, mirrored, *self._levels, self._out[part])


class _Prepared:
    """One pass with its geometry told apart and its tones as programs."""

    def __init__(self, one: Pass) -> None:
        self._pass, self._program = one, Program(one.tones)
        self._idle = self._program.idle(len(one.matrix))
        self._size = np.ceil(one.canvas - 1e-6).astype(np.int64).clip(min=1)
        # One row for each number of the matrices: long loops, where 3 x 3 ones would be short.
        xx, xy, x, yx, yy, y, zx, zy, z = np.ascontiguousarray(one.matrix.reshape(-1, 9).T)
        self._matrix = one.matrix
        if not (z == 1).all():
            self._matrix = one.matrix / z[:, None, None]
            xx, xy, x, yx, yy, y, zx, zy, z = np.ascontiguousarray(self._matrix.reshape(-1, 9).T)
        upright = (zx == 0) & (zy == 0)
        self._straight = upright & (xy == 0) & (yx == 0)
        self._turned = upright & (xx == 0) & (yy == 0)
        self._still = self._straight & (xx == 1) & (yy == 1) & (x == 0) & (y == 0)
        self.mirrored, self._flipped = xx < 0, yy < 0
        self._sides = _sides(x, xx, self._size[:, 1]), _sides(y, yy, self._size[:, 0])
        (x0, x1), (y0, y1) = self._sides
        self.boxes = np.stack([x0, y0, x1, y1], axis=1)

    def moved(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Which pictures are cut out at whole pixels and need no tones."""
        (x0, x1), (y0, y1) = self._sides
        same = (x1 - x0 == size[1]) & (y1 - y0 == size[0]) & (x0 == np.rint(x0)) & (y0 == np.rint(y0))
        return self._straight & ~self._flipped & self._idle & same

    def levels(self, source: NDArray[np.uint8] | Undecoded, i: int) -> NDArray[np.uint8]:
        """The result of a pass that is not the last one, as levels again."""
        height, width = self._size[i].tolist()
        if not (self._still[i] and self._idle[i] and (height, width) == source.shape[:2]):
            made = np.empty((height, 3 * width), np.float32)
            self.render(source, i, np.ones(3, np.float32), np.zeros(3, np.float32), made)
            source = np.rint(made, out=made).astype(np.uint8).reshape(height, width, 3)
        elif not isinstance(source, np.ndarray):
            source, _ = source.region((0, 0, width, height), height=height, width=width)
        filter_ = self._pass.filter
        if filter_ is not None and filter_.chosen[i]:
            source = filter_.apply(source, i)
        return source

    def render(
        self,
        source: NDArray[np.uint8] | Undecoded,
        i: int,
        gain: Three,
        offset: Three,
        out: NDArray[np.float32],
    ) -> None:
        """Write one picture."""
        if self._straight[i]:
            self._region(source, i, gain, offset, out)
        elif self._turned[i]:
            self._turned_region(source, i, gain, offset, out)
        else:
            self._warp(source, i, gain, offset, out)
        if not self._idle[i]:
            self._program.cover(out, i, gain, offset)

    def _region(
        self,
        source: NDArray[np.uint8] | Undecoded,
        i: int,
        gain: Three,
        offset: Three,
        out: NDArray[np.float32],
    ) -> None:
        box = self.boxes[i]
        x0, y0, x1, y1 = box.tolist()
        if not isinstance(source, np.ndarray):
            source, box = source.region((x0, y0, x1, y1), height=len(out), width=out.shape[1] // 3)
        _render_region(
            source,
            box,
            self.mirrored[i],
            self._flipped[i],
            self._program,
            self._idle[i],
            i,
            gain,
            offset,
            out,
        )

    def _turned_region(
        self,
        source: NDArray[np.uint8] | Undecoded,
        i: int,
        gain: Three,
        offset: Three,
        out: NDArray[np.float32],
    ) -> None:
        """A quarter turn: the picture is transposed first."""
        m = self._matrix[i]
        height, width = len(out), out.shape[1] // 3
        y0, y1 = map(float, _sides(m[1, 2], m[1, 0], width))
        x0, x1 = map(float, _sides(m[0, 2], m[0, 1], height))
        if not isinstance(source, np.ndarray):
            source, (x0, y0, x1, y1) = source.region((x0, y0, x1, y1), height=width, width=height)
        upright = np.ascontiguousarray(source.transpose(1, 0, 2))
        mirrored, flipped = m[1, 0] < 0, m[0, 1] < 0
        _render_region(
            upright, (y0, x0, y1, x1), mirrored, flipped, self._program, self._idle[i], i, gain, offset, out
        )

    def _warp(
        self,
        source: NDArray[np.uint8] | Undecoded,
        i: int,
        gain: Three,
        offset: Three,
        out: NDArray[np.float32],
    ) -> None:
        from vitral.augment.warps import render_warp

        height, width = len(out), out.shape[1] // 3
        matrix = self._matrix[i]
        box, scale = seen(matrix, height, width, source.shape), scales(matrix, height, width)
        x0, y0, x1, y1 = box
        if not isinstance(source, np.ndarray):
            tall, wide = max(1, math.floor((y1 - y0) / scale[1])), max(1, math.floor((x1 - x0) / scale[0]))
            pixels, inner = source.region(box, height=tall, width=wide)
            matrix, box = _into(box, inner) @ matrix, inner
        else:
            pixels = np.ascontiguousarray(source)
        program = self._program
        kinds, numbers, tables = program.of(i, program.means(pixels, box))
        pixels, matrix = _shrunk(pixels, matrix, height, width)
        flat = pixels.reshape(pixels.shape[0], 3 * pixels.shape[1])
        render_warp(flat, np.ascontiguousarray(matrix), kinds, numbers, tables, gain, offset, out)


def mix(inputs: Float[NDArray[np.float32], "b h w c=3"], plan: Mix) -> None:
    """Blend partners in, or paste parts of them, in place."""
    mixed = np.flatnonzero(plan.chosen)
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


def _render_region(
    source: NDArray[np.uint8],
    box: Sequence[float] | NDArray[np.float64],
    mirrored: bool,
    flipped: bool,
    program: Program,
    idle: bool,
    i: int,
    gain: Three,
    offset: Three,
    out: NDArray[np.float32],
) -> None:
    from vitral.augment.regions import render_region

    source = np.ascontiguousarray(source)
    means = None if idle else program.means(source, tuple(box))
    plain = _SAME if idle else program.plain(i, means)
    kinds, numbers, tables = program.of(i, means, nothing=plain is not None)
    if plain is None:
        plain = _SAME
    flat = source.reshape(source.shape[0], 3 * source.shape[1])
    region = np.asarray(box, dtype=np.float64)
    render_region(flat, region, mirrored, flipped, plain, kinds, numbers, tables, gain, offset, out)


_SAME = np.array([[1, 0], [1, 0], [1, 0]], dtype=np.float32)


def _sides(
    start: NDArray[np.float64], scale: NDArray[np.float64], count: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where what is seen begins and ends along an axis of the source; a scale below 0 goes backward."""
    end = start + scale * count
    return np.minimum(start, end), np.maximum(start, end)


def _shrunk(
    pixels: NDArray[np.uint8], matrix: NDArray[np.float64], height: int, width: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Average pixels to the scale at which they will be seen, so that nothing aliases."""
    tall, wide = pixels.shape[:2]
    new_tall, new_wide = shrunk_size(matrix, height, width, pixels.shape)
    if (new_tall, new_wide) == (tall, wide):
        return pixels, matrix
    import cv2

    small = cv2.resize(pixels, (new_wide, new_tall), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), np.diag([new_wide / wide, new_tall / tall, 1.0]) @ matrix


def _into(box: Box, inner: Box) -> NDArray[np.float64]:
    """From the frame of a picture to the frame of the pixels that came for a box of it."""
    x, y = (inner[2] - inner[0]) / (box[2] - box[0]), (inner[3] - inner[1]) / (box[3] - box[1])
    return np.array([[x, 0, inner[0] - x * box[0]], [0, y, inner[1] - y * box[1]], [0, 0, 1.0]])
