"""`mosaic`: four pictures in one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.ops.mix_op import MixOp
from vitral.augment.stages import Mix, Stage, Tiles
from vitral.augment.variables import Param
from vitral.core import option

Windows = Int[NDArray[np.int64], "b 4 xyxy=4"]


@dataclass(frozen=True, kw_only=True)
class Mosaic(MixOp, kind="mosaic"):
    """Show four pictures of the batch around a random center, with boxes, masks and points of all four.

    Each shows a window of its own at a random place, shrunk by area, as it is after all geometry and
    tones. A window is never larger than its picture, so no part of the mosaic is empty. The three
    others are those that come next in the ring of the mixes; in a batch of fewer, some come twice.

    It is made for boxes and masks. The label of a whole picture is mixed from two: its own and that of
    the partner of which most is seen, by their areas; the other two are left out.

    A picture that another op has already mixed is left as it is.

    Source:
        Bochkovskiy et al. 2020, arXiv:2004.10934, sec. 3.3. Departure: the pictures' scale is drawn too,
        each from whole to as it is.
    """

    scale: Param = option(
        (0.5, 1.0), "of each picture; more where it would not fill its part", low=0.1, high=1
    )
    center: Param = option((0.25, 0.75), "of the mosaic, as a share of each side", low=0, high=1)
    least: float = option(
        0.1, "share of an object that must still be seen for its box to stay", low=0, high=1
    )
    p: float = option(1.0, "how often a picture becomes a mosaic", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Choose which pictures become mosaics, of whom, and what is shown of each."""
        x = np.rint(draw.value(self.center, "x") * frame.width).astype(np.int64)
        y = np.rint(draw.value(self.center, "y") * frame.height).astype(np.int64)
        target = _around(x, y, frame)
        partner, own = self._shown(draw)
        areas = (target[..., 2:] - target[..., :2]).prod(axis=2)
        everyone = np.arange(len(frame))
        kept = areas[everyone, own]
        areas[everyone, own] = -1
        most = areas.argmax(axis=1)
        return (
            Mix(
                op="mosaic",
                partner=partner[everyone, most],
                share=kept / np.maximum(kept + areas[everyone, most], 1),
                blended=np.zeros(len(frame), dtype=np.bool_),
                pasted=np.zeros((len(frame), 4), dtype=np.int64),
                chosen=draw.chosen(self.p),
                tiles=Tiles(
                    partner=partner,
                    source=self._windows(draw, frame, target),
                    target=target,
                    least=np.full(len(frame), self.least),
                ),
            ),
        )

    def _shown(self, draw: Draw) -> tuple[Int[NDArray[np.int64], "b 4"], Int[NDArray[np.int64], " b"]]:
        """The picture in each part, and in which part the picture itself is."""
        following = self.partners(draw)
        ring = [np.arange(len(following))]
        for _ in range(3):
            ring.append(following[ring[-1]])
        own = np.floor(draw.uniform("part", 0, 4)).astype(np.int64)
        turned = (np.arange(4) - own[:, None]) % 4
        return np.take_along_axis(np.stack(ring, axis=1), turned, axis=1), own

    def _windows(self, draw: Draw, frame: Frame, target: Windows) -> Windows:
        """What is seen in each part: a window of the picture there."""
        sides = np.array([frame.width, frame.height])
        lengths = target[..., 2:] - target[..., :2]
        scale = np.stack([draw.value(self.scale, f"scale.{k}") for k in range(4)], axis=1)
        scale = np.maximum(scale, (lengths / sides).max(axis=2))
        seen = np.clip(np.rint(lengths / scale[..., None]).astype(np.int64), lengths, sides)
        place = np.stack([np.stack([draw.uniform(f"{axis}.{k}") for axis in "xy"]) for k in range(4)])
        low = np.floor(place.transpose(2, 0, 1) * (sides - seen + 1)).astype(np.int64)
        return np.concatenate([low, low + seen], axis=2)


def _around(x: Int[NDArray[np.int64], " b"], y: Int[NDArray[np.int64], " b"], frame: Frame) -> Windows:
    """The four parts around a center: above left and right, then below."""
    none, right, low = np.zeros_like(x), np.full_like(x, frame.width), np.full_like(y, frame.height)
    parts = ((none, none, x, y), (x, none, right, y), (none, y, x, low), (x, y, right, low))
    return np.stack([np.stack(part, axis=1) for part in parts], axis=1)
