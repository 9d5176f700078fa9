"""`Pass`: carry out a plan on the pixels of a batch, picture by picture, each touched once."""

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


class Pass:
    """A plan ready to be carried out on the pixels of a batch, picture by picture.

    A region of the input's own size at whole pixels, with nothing to tone, is only copied and
    normalized. All others are resampled: linearly between pixels when they grow, averaged under a
    triangle when they shrink; see `regions`.

    Args:
        pixels: the pictures of the batch; of those not decoded yet, only the region is.
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
        self._pixels, self._size = pixels, (plan.height, plan.width)
        self._levels = gain, offset
        self._out = out.reshape(len(out), plan.height, 3 * plan.width)
        self._box, self._flip = plan.box, plan.flip
        self._tone = np.stack([plan.brightness, plan.contrast], axis=1)
        size = plan.box[:, 2:] - plan.box[:, :2] == (plan.width, plan.height)
        at_whole_pixels = (size & (plan.box[:, :2] == np.rint(plan.box[:, :2]))).all(axis=1)
        self._only_moved = at_whole_pixels & (self._tone == 1).all(axis=1)

    def part(self, start: int, stop: int) -> None:
        """Write the inputs of the pictures from `start` to before `stop`.

        Raises:
            ImageError: a picture cannot be decoded.
        """
        if isinstance(self._pixels, np.ndarray) and self._only_moved[start:stop].all():
            self._move(np.ascontiguousarray(self._pixels[start:stop]), start)
            return
        for i in range(start, stop):
            picture = self._pixels[i]
            if isinstance(picture, np.ndarray):
                self._one(i, np.ascontiguousarray(picture), self._box[i], self._only_moved[i])
                continue
            x0, y0, x1, y1 = asked = tuple(self._box[i].tolist())
            pixels, box = picture.region((x0, y0, x1, y1), height=self._size[0], width=self._size[1])
            self._one(i, pixels, np.array(box), self._only_moved[i] and box == asked)

    def _one(self, i: int, picture: NDArray[np.uint8], box: NDArray[np.float64], only_moved: bool) -> None:
        if only_moved:
            self._move(picture[None], i)
            return
        from vitral.augment.regions import render_region

        source = picture.reshape(picture.shape[0], 3 * picture.shape[1])
        render_region(source, box, self._flip[i], *self._tone[i], *self._levels, self._out[i])

    def _move(self, pictures: NDArray[np.uint8], start: int) -> None:
        from vitral.augment.windows import render_windows

        part = slice(start, start + len(pictures))
        sources = pictures.reshape(len(pictures), pictures.shape[1], 3 * pictures.shape[2])
        x0, y0 = np.ascontiguousarray(self._box[part, :2].T, dtype=np.int64)
        render_windows(sources, x0, y0, self._flip[part], *self._levels, self._out[part])


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
