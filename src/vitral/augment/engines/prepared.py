"""`Prepared`: one pass of a plan, told apart by what each picture needs, and carried out on one picture."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.engines.program import Program
from vitral.augment.geometry import scales, seen, shrunk_size
from vitral.augment.plan import Border, Pass
from vitral.augment.route import joined
from vitral.core import ShapeError, Undecoded
from vitral.core.undecoded import Box

WARPED, REGION = 1, 2
MOST_BYTES = 2**31
"""Of a picture that is sampled anywhere: places in it are 32-bit numbers."""
Source = NDArray[np.uint8] | Undecoded
Three = Float[NDArray[np.float32], " c=3"]


class Prepared:
    """One pass with its geometry told apart and its tones as programs.

    Args:
        one: the pass.
        border: what lies beyond the pictures.
    """

    def __init__(self, one: Pass, border: Border = Border()) -> None:  # noqa: B008
        self._pass, self._program, self._border = one, Program(one.tones), border
        self._idle = self._program.idle(len(one.matrix))
        self._size = np.ceil(one.canvas - 1e-6).astype(np.int64).clip(min=1)
        # One row for each number of the matrices: long loops, where 3 x 3 ones would be short.
        xx, xy, x, yx, yy, y, zx, zy, z = np.ascontiguousarray(one.matrix.reshape(-1, 9).T)
        self._matrix = one.matrix
        if not (z == 1).all():
            self._matrix = one.matrix / z[:, None, None]
            xx, xy, x, yx, yy, y, zx, zy, z = np.ascontiguousarray(self._matrix.reshape(-1, 9).T)
        upright = (zx == 0) & (zy == 0)
        if one.bends:
            upright &= ~one.bent
        self._straight = upright & (xy == 0) & (yx == 0)
        self._turned = upright & (xx == 0) & (yy == 0)
        self._still = self._straight & (xx == 1) & (yy == 1) & (x == 0) & (y == 0)
        self.mirrored, self._flipped = xx < 0, yy < 0
        self._sides = _sides(x, xx, self._size[:, 1]), _sides(y, yy, self._size[:, 0])
        (x0, x1), (y0, y1) = self._sides
        self.boxes = np.stack([x0, y0, x1, y1], axis=1)

    def moved(self, size: tuple[int, int], sizes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which pictures are cut out at whole pixels and need no tones."""
        (x0, x1), (y0, y1) = self._sides
        same = (x1 - x0 == size[1]) & (y1 - y0 == size[0]) & (x0 == np.rint(x0)) & (y0 == np.rint(y0))
        if self._border.kind != "reflect":
            same &= (x0 >= 0) & (y0 >= 0) & (x1 <= sizes[:, 1]) & (y1 <= sizes[:, 0])
        return self._straight & ~self._flipped & self._idle & same

    def kinds(self, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
        """How each picture may be done with others of its kind: `WARPED`, `REGION`, or 0 for alone.

        Args:
            sizes: height and width of each.
        """
        warped = ~(self._straight | self._turned)
        if self._pass.bends:
            warped &= ~self._pass.bent
        small = sizes.prod(axis=1) * 3 < MOST_BYTES
        region = self._straight
        if self._border.kind != "reflect":
            inside = (self.boxes[:, :2] >= 0).all(axis=1) & (self.boxes[:, 2:] <= sizes[:, ::-1]).all(axis=1)
            region = region & inside
        return np.where(warped & small & (self._border.kind != "fill"), WARPED, np.where(region, REGION, 0))

    def render_many(
        self,
        sources: NDArray[np.uint8],
        start: int,
        kind: int,
        gain: Three,
        offset: Three,
        out: NDArray[np.float32],
    ) -> None:
        """Write some pictures of one kind, normalized; without their filter.

        Args:
            sources: of one size, b x h x w x 3.
            start: number of the first.
            kind: `WARPED` or `REGION`.
            gain: as in `render`.
            offset: as in `render`.
            out: of b x height x (width * 3).
        """
        count, tall, wide = sources.shape[:3]
        part, done = slice(start, start + count), np.zeros(count, np.bool_)
        flat = np.ascontiguousarray(sources).reshape(count, tall, 3 * wide)
        if kind == REGION:
            from vitral.augment.kernels.region_many import render_regions

            turned = np.ascontiguousarray(self.mirrored[part]), np.ascontiguousarray(self._flipped[part])
            alone, program = self._program.alone(part), self._program.rows(part)
            render_regions(flat, self.boxes[part], *turned, alone, *program, gain, offset, out)
            done[:] = True
        elif min(tall, wide) > 1:
            from vitral.augment.kernels.warp_many import render_warps

            matrices, clamped = np.ascontiguousarray(self._matrix[part]), self._border.kind != "reflect"
            render_warps(flat, matrices, clamped, *self._program.rows(part), gain, offset, out, done)
        for i in range(count):
            if not done[i]:
                self.render(sources[i], start + i, gain, offset, out[i])
            elif self._program.covers:
                self._program.cover(out[i], start + i, gain, offset)

    def levels(self, source: Source, i: int) -> NDArray[np.uint8]:
        """The result of a pass as levels, its filter done."""
        height, width = self._size[i].tolist()
        if not isinstance(source, np.ndarray) and self._still[i] and (height, width) == source.shape[:2]:
            source, _ = source.region((0, 0, width, height), height=height, width=width)
        if isinstance(source, np.ndarray):
            made = self._whole_pixels(source, i, height, width)
            made = made if made is None or self._idle[i] else self._toned(made, i)
        else:
            made = None
        if made is None:
            made = self._resampled(source, i, height, width)
        filter_ = self._pass.filter
        if filter_ is not None and filter_.chosen[i]:
            made = filter_.apply(made, i)
        return made

    def render(self, source: Source, i: int, gain: Three, offset: Three, out: NDArray[np.float32]) -> None:
        """Write one picture, normalized; without its filter."""
        if self._straight[i] and not self._sees_beyond(source, i):
            self._region(source, i, gain, offset, out)
        elif self._turned[i] and self._border.kind == "reflect":
            self._turned_region(source, i, gain, offset, out)
        else:
            from vitral.augment.kernels.warps import render_warp

            render_warp(*self._ready(source, i, len(out), out.shape[1] // 3), gain, offset, out)
        if not self._idle[i]:
            self._program.cover(out, i, gain, offset)

    def _whole_pixels(
        self, source: NDArray[np.uint8], i: int, height: int, width: int
    ) -> NDArray[np.uint8] | None:
        """Pixels of the source that are only taken to other places; None where there is more to do."""
        if self._still[i]:
            return source if (height, width) == source.shape[:2] else None
        if not (self._straight[i] or self._turned[i]):
            return None
        (xx, xy, x), (yx, yy, y), _ = self._matrix[i].tolist()
        turned = bool(self._turned[i])
        x_step, y_step = (xy, yx) if turned else (xx, yy)
        if abs(x_step) != 1 or abs(y_step) != 1 or not x.is_integer() or not y.is_integer():
            return None
        wide, tall = (height, width) if turned else (width, height)
        x0, y0 = int(min(x, x + x_step * wide)), int(min(y, y + y_step * tall))
        made: Any = _window(source, x0, y0, wide, tall, self._border)
        if made is None:
            return None
        import cv2

        if turned:
            made = cv2.transpose(made)
            x_step, y_step = y_step, x_step
        if x_step < 0 or y_step < 0:
            made = cv2.flip(made, -1 if x_step < 0 and y_step < 0 else 1 if x_step < 0 else 0)
        return np.ascontiguousarray(made)

    def _toned(self, pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
        """Pixels that stay where they are with other colors."""
        tall, wide = pixels.shape[:2]
        if self._program.only_covers:
            made = np.array(pixels, order="C")
            self._program.cover(made.reshape(tall, 3 * wide), i)
            return made
        means = self._program.means(pixels, (0, 0, wide, tall))
        table = self._program.table(i, means)
        flat, made = np.ascontiguousarray(pixels).reshape(-1), np.empty_like(pixels, order="C")
        if table is not None:
            from vitral.augment.kernels.lookups import look_up

            look_up(flat, table, made.reshape(-1))
            return made
        matrix = self._program.mixing(i, means)
        if matrix is not None:
            import cv2

            return np.asarray(cv2.transform(pixels, matrix), np.uint8)
        from vitral.augment.kernels.tones import render_tones

        render_tones(flat, *self._program.of(i, means), made.reshape(-1))
        self._program.cover(made.reshape(tall, 3 * wide), i)
        return made

    def _resampled(self, source: Source, i: int, height: int, width: int) -> NDArray[np.uint8]:
        if self._straight[i] or self._turned[i]:
            floats = np.empty((height, 3 * width), np.float32)
            self.render(source, i, np.ones(3, np.float32), np.zeros(3, np.float32), floats)
            return np.rint(floats, out=floats).astype(np.uint8).reshape(height, width, 3)
        from vitral.augment.kernels.warps import render_warp_levels

        made = np.empty((height, 3 * width), np.uint8)
        render_warp_levels(*self._ready(source, i, height, width), made)
        if not self._idle[i]:
            self._program.cover(made, i)
        return made.reshape(height, width, 3)

    def _sees_beyond(self, source: Source, i: int) -> bool:
        """Whether something other than the reflected picture is seen at its borders."""
        if self._border.kind == "reflect":
            return False
        x0, y0, x1, y1 = self.boxes[i].tolist()
        tall, wide = source.shape[:2]
        return x0 < 0 or y0 < 0 or x1 > wide or y1 > tall

    def _region(self, source: Source, i: int, gain: Three, offset: Three, out: NDArray[np.float32]) -> None:
        box = self.boxes[i]
        x0, y0, x1, y1 = box.tolist()
        if not isinstance(source, np.ndarray):
            source, box = source.region((x0, y0, x1, y1), height=len(out), width=out.shape[1] // 3)
        self._render_region(source, box, self.mirrored[i], self._flipped[i], i, gain, offset, out)

    def _turned_region(
        self, source: Source, i: int, gain: Three, offset: Three, out: NDArray[np.float32]
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
        self._render_region(upright, (y0, x0, y1, x1), mirrored, flipped, i, gain, offset, out)

    def _render_region(
        self,
        source: NDArray[np.uint8],
        box: Sequence[float] | NDArray[np.float64],
        mirrored: bool,
        flipped: bool,
        i: int,
        gain: Three,
        offset: Three,
        out: NDArray[np.float32],
    ) -> None:
        from vitral.augment.kernels.regions import render_region

        source, program, idle = np.ascontiguousarray(source), self._program, self._idle[i]
        means = None if idle else program.means(source, tuple(box))
        plain = _SAME if idle else program.plain(i, means)
        kinds, numbers, tables = program.of(i, means, nothing=plain is not None)
        if plain is None:
            plain = _SAME
        flat = source.reshape(source.shape[0], 3 * source.shape[1])
        region = np.asarray(box, dtype=np.float64)
        render_region(flat, region, mirrored, flipped, plain, kinds, numbers, tables, gain, offset, out)

    def _ready(self, source: Source, i: int, height: int, width: int) -> tuple[Any, ...]:
        """What `render_warp` takes first: pixels, geometry, what is beyond, and the program of tones."""
        matrix, bent = self._matrix[i], bool(self._pass.bends) and bool(self._pass.bent[i])
        whole = (0.0, 0.0, float(source.shape[1]), float(source.shape[0]))
        box = whole if bent else seen(matrix, height, width, source.shape)
        into = _HERE
        if isinstance(source, np.ndarray):
            pixels, into, box = _part(source, box)
            matrix = into @ matrix
        else:
            x_scale, y_scale = scales(matrix, height, width)
            tall, wide = math.floor((box[3] - box[1]) / y_scale), math.floor((box[2] - box[0]) / x_scale)
            pixels, inner = source.region(box, height=max(1, tall), width=max(1, wide))
            into, box = _into(box, inner), inner
            matrix = into @ matrix
        program = self._program.of(i, self._program.means(pixels, box))
        pixels, shrinking = _shrunk(pixels, matrix, height, width)
        if self._border.kind == "fill":
            pixels, shrinking = _framed(pixels, self._border.fill), _ONE_IN @ shrinking
        elif min(pixels.shape[:2]) < 2:
            pixels = pixels.repeat(2 if len(pixels) < 2 else 1, axis=0)
            pixels = pixels.repeat(2 if pixels.shape[1] < 2 else 1, axis=1)
        flat = np.ascontiguousarray(pixels).reshape(pixels.shape[0], 3 * pixels.shape[1])
        matrix, places = np.ascontiguousarray(shrinking @ matrix), _NO_PLACES
        if bent:
            places = joined((shrinking @ into, *self._pass.steps(i))).centers(height, width)
        return flat, matrix, places, self._border.kind != "reflect", *program


def _window(
    source: NDArray[np.uint8], x0: int, y0: int, wide: int, tall: int, border: Border
) -> NDArray[np.uint8] | None:
    """A rectangle of a picture, perhaps with what is beyond; None where it is reflected more than once."""
    height, width = source.shape[:2]
    left, top, right, below = max(-x0, 0), max(-y0, 0), max(x0 + wide - width, 0), max(y0 + tall - height, 0)
    if not (left or top or right or below):
        return source[y0 : y0 + tall, x0 : x0 + wide]
    inner_tall, inner_wide = tall - top - below, wide - left - right
    if max(left, right) >= inner_wide or max(top, below) >= inner_tall:
        return None
    import cv2

    inner = source[y0 + top : y0 + top + inner_tall, x0 + left : x0 + left + inner_wide]
    kind = {"reflect": cv2.BORDER_REFLECT_101, "edge": cv2.BORDER_REPLICATE, "fill": cv2.BORDER_CONSTANT}
    levels = tuple(round(level) for level in border.fill)
    # The rectangle may end inside the picture on other sides, and what is there is not a border.
    made = cv2.copyMakeBorder(
        inner, top, below, left, right, kind[border.kind] | cv2.BORDER_ISOLATED, value=levels
    )
    return np.asarray(made, np.uint8)


_SAME = np.array([[1, 0], [1, 0], [1, 0]], dtype=np.float32)
_HERE = np.eye(3)
_ONE_IN = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1.0]])
_NO_PLACES = np.empty((2, 0, 0), np.float32)


def _sides(
    start: NDArray[np.float64], scale: NDArray[np.float64], count: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where what is seen begins and ends along an axis of the source; a scale below 0 goes backward."""
    end = start + scale * count
    return np.minimum(start, end), np.maximum(start, end)


def _part(source: NDArray[np.uint8], box: Box) -> tuple[NDArray[np.uint8], NDArray[np.float64], Box]:
    """A picture, or of one that is too large to be counted through the part that a box of it touches.

    Returns its pixels, the way from the frame of the picture into theirs, and the box in that frame.

    Raises:
        ShapeError: too much of it is seen.
    """
    if source.size < MOST_BYTES:
        return np.ascontiguousarray(source), _HERE, box
    tall, wide = source.shape[:2]
    x0, y0 = (
        min(max(math.floor(low) - 2, 0), size - 1) for low, size in zip(box[:2], (wide, tall), strict=True)
    )
    x1, y1 = (
        min(max(math.ceil(high) + 2, 1), size) for high, size in zip(box[2:], (wide, tall), strict=True)
    )
    part = source[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    if part.size >= MOST_BYTES:
        raise ShapeError(
            f"a picture of {tall} x {wide} pixels is too large to be moved as a whole: crop it or shrink it"
        )
    into = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1.0]])
    return np.ascontiguousarray(part), into, (box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0)


def _shrunk(
    pixels: NDArray[np.uint8], matrix: NDArray[np.float64], height: int, width: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Average pixels to the scale at which they will be seen, so that nothing aliases."""
    tall, wide = pixels.shape[:2]
    new_tall, new_wide = shrunk_size(matrix, height, width, pixels.shape)
    if (new_tall, new_wide) == (tall, wide):
        return pixels, _HERE
    import cv2

    small = cv2.resize(pixels, (new_wide, new_tall), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), np.diag([new_wide / wide, new_tall / tall, 1.0])


def _framed(pixels: NDArray[np.uint8], color: Sequence[float]) -> NDArray[np.uint8]:
    """A frame of one pixel, which is what everything beyond it is like."""
    import cv2

    levels = tuple(round(level) for level in color)
    return np.asarray(cv2.copyMakeBorder(pixels, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=levels), np.uint8)


def _into(box: Box, inner: Box) -> NDArray[np.float64]:
    """From the frame of a picture to the frame of the pixels that came for a box of it."""
    x, y = (inner[2] - inner[0]) / (box[2] - box[0]), (inner[3] - inner[1]) / (box[3] - box[1])
    return np.array([[x, 0, inner[0] - x * box[0]], [0, y, inner[1] - y * box[1]], [0, 0, 1.0]])
