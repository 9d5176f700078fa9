"""`Frame`: where the pictures of a batch stand in a chain of ops."""

import dataclasses
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from vitral.augment.route import joined
from vitral.augment.stages import Field, Stage, Warp


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """What an op is told of the pictures it will change.

    Args:
        canvas: height and width of each picture at this place in the chain, in pixels.
        height: rows of the network's input.
        width: columns of the network's input.
        fit: how a canvas of another shape becomes the input: `crop` or `squash`.
        boxes: the boxes of each picture, x0 y0 x1 y1 in its own pixels; None where there are none.
        moves: the geometry up to this place.
    """

    canvas: Float[NDArray[np.float64], "b hw=2"]
    height: int
    width: int
    fit: str
    boxes: Sequence[Float[NDArray[np.float64], "n xyxy=4"]] | None = None
    moves: tuple[Warp | Field, ...] = ()

    def __len__(self) -> int:
        return len(self.canvas)

    @property
    def tall(self) -> Float[NDArray[np.float64], " b"]:
        """Height of each canvas."""
        return self.canvas[:, 0]

    @property
    def wide(self) -> Float[NDArray[np.float64], " b"]:
        """Width of each canvas."""
        return self.canvas[:, 1]

    @functools.cached_property
    def input_pixel(self) -> Float[NDArray[np.float64], "b yx=2"]:
        """Height and width of a pixel of the input, in pixels of the canvas."""
        scale = self.canvas / (self.height, self.width)
        if self.fit == "crop":
            smaller = np.minimum(scale[:, 0], scale[:, 1])
            scale = np.stack([smaller, smaller], axis=1)
        return scale

    def after(self, stages: Iterable[Stage]) -> Self:
        """The frame behind some stages."""
        moves = tuple(stage for stage in stages if isinstance(stage, Warp | Field))
        if not moves:
            return self
        return dataclasses.replace(self, canvas=moves[-1].canvas, moves=(*self.moves, *moves))

    def boxes_here(self) -> list[Float[NDArray[np.float64], "n xyxy=4"]]:
        """The boxes of each picture where they lie on the canvas, not cut off; none where there are none."""
        from vitral.augment.targets.moved import moved_boxes

        if self.boxes is None:
            return [np.zeros((0, 4))] * len(self)
        return [
            moved_boxes(boxes, joined(tuple(move.step(i) for move in self.moves)))
            for i, boxes in enumerate(self.boxes)
        ]

    def into_input(self) -> tuple[Warp, ...]:
        """The last geometry of every chain: what brings the canvas to the input's size, if it has not."""
        if (self.canvas == (self.height, self.width)).all():
            return ()
        tall, wide = (self.input_pixel * (self.height, self.width)).T
        y0, x0 = (self.tall - tall) / 2, (self.wide - wide) / 2
        into = np.array([[self.height, self.width]], dtype=np.float64)
        return (part_of_canvas(self, x0, y0, wide, tall, into=into, op=self.fit),)


def identities(count: int) -> Float[NDArray[np.float64], "b 3 3"]:
    """As many matrices that change nothing."""
    matrix = np.zeros((count, 3, 3))
    matrix[:, 0, 0] = matrix[:, 1, 1] = matrix[:, 2, 2] = 1.0
    return matrix


def part_of_canvas(
    frame: Frame,
    x0: Float[NDArray[np.float64], " b"],
    y0: Float[NDArray[np.float64], " b"],
    wide: Float[NDArray[np.float64], " b"],
    tall: Float[NDArray[np.float64], " b"],
    *,
    op: str,
    into: Float[NDArray[np.float64], "b hw=2"] | None = None,
) -> Warp:
    """A rectangle of the canvas becomes the new canvas.

    Args:
        frame: the old canvas.
        x0: left side of the rectangle, in pixels.
        y0: upper side.
        wide: its width.
        tall: its height.
        op: the op that does it.
        into: height and width of the new canvas; None: those of the rectangle.
    """
    canvas = np.stack([tall, wide], axis=1)
    size = canvas if into is None else np.broadcast_to(into, canvas.shape)
    matrix = identities(len(frame))
    matrix[:, 0, 0], matrix[:, 1, 1] = canvas[:, 1] / size[:, 1], canvas[:, 0] / size[:, 0]
    matrix[:, 0, 2], matrix[:, 1, 2] = x0, y0
    return Warp(op=op, matrix=matrix, canvas=size)


def about_center(frame: Frame, linear: Float[NDArray[np.float64], "b 2 2"], *, op: str) -> Warp:
    """A linear map around the center of the canvas, which keeps its size.

    Args:
        frame: the canvas.
        linear: where a point of the new canvas lies in the old one, both seen from the center.
        op: the op that does it.
    """
    center = frame.canvas[:, ::-1] / 2
    matrix = identities(len(frame))
    matrix[:, :2, :2] = linear
    matrix[:, :2, 2] = center - (linear * center[:, None]).sum(axis=2)
    return Warp(op=op, matrix=matrix, canvas=frame.canvas)


def moved(
    frame: Frame, x: Float[NDArray[np.float64], " b"], y: Float[NDArray[np.float64], " b"], *, op: str
) -> Warp:
    """The canvas shows what lies x to the right and y below."""
    matrix = identities(len(frame))
    matrix[:, 0, 2], matrix[:, 1, 2] = x, y
    return Warp(op=op, matrix=matrix, canvas=frame.canvas)


def mirrored(frame: Frame, chosen: Bool[NDArray[np.bool_], " b"], *, axis: int, op: str) -> Warp:
    """Some canvases are mirrored along an axis: 0 turns left and right about, 1 top and bottom."""
    matrix = identities(len(frame))
    matrix[:, axis, axis] = np.where(chosen, -1.0, 1.0)
    matrix[:, axis, 2] = np.where(chosen, frame.canvas[:, 1 - axis], 0.0)
    return Warp(op=op, matrix=matrix, canvas=frame.canvas)
