"""What ops lower to: a few kinds of stages, as numbers for a whole batch and before any pixel is touched.

Pixels are levels in [0, 255], red, green and blue. Points are in the continuous frame: pixel i covers
[i, i + 1). A canvas is the picture as it is at some place in the chain: a height and a width.
"""

import dataclasses
import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64
from numpy.typing import NDArray

from vitral.augment.route import Displacement, Matrix

_SAME = np.eye(3)

Chosen = Bool[NDArray[np.bool_], " b"]
Canvas = Float[NDArray[np.float64], "b hw=2"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Stage(ABC):
    """One step of a chain for all pictures of a batch.

    Args:
        op: the op it comes from, for a person.
    """

    op: str

    sort: ClassVar[str]
    """What kind of stage it is, for a person."""

    @abstractmethod
    def only(self, chosen: Chosen, canvas: Canvas) -> Self:
        """The same for some pictures, and nothing for the others, whose canvas is still this one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Warp(Stage):
    """A homography: where each point of the new canvas lies in the old one.

    Args:
        matrix: of each picture: (x, y, 1) of the new canvas to (x, y, 1) of the old, up to a factor.
        canvas: height and width of the new canvas, in pixels.
    """

    matrix: Float[NDArray[np.float64], "b 3 3"]
    canvas: Canvas

    sort = "geometry"

    def only(self, chosen: Chosen, canvas: Canvas) -> Self:
        """The same for some pictures; the others keep their canvas."""
        return dataclasses.replace(
            self,
            matrix=np.where(chosen[:, None, None], self.matrix, _SAME),
            canvas=np.where(chosen[:, None], self.canvas, canvas),
        )

    def step(self, i: int) -> Matrix:
        """The step of a route that it is for a picture."""
        return self.matrix[i]


@dataclass(frozen=True, kw_only=True, eq=False)
class Field(Stage):
    """A displacement: each point of the canvas shows what lies some way off; the canvas stays.

    Args:
        nodes: how far, along x and y in pixels, at nodes spread evenly over the canvas from edge to edge.
        canvas: height and width of the canvas, in pixels.
        smooth: whether it is cubic (Catmull-Rom) between nodes, else linear.
    """

    nodes: Float[NDArray[np.float64], "b rows columns xy=2"]
    canvas: Canvas
    smooth: bool

    sort = "displacement"

    def only(self, chosen: Chosen, canvas: Canvas) -> Self:
        """The same for some pictures; nothing of the others moves, and they keep their canvas."""
        return dataclasses.replace(
            self,
            nodes=np.where(chosen[:, None, None, None], self.nodes, 0.0),
            canvas=np.where(chosen[:, None], self.canvas, canvas),
        )

    @functools.cached_property
    def bent(self) -> Chosen:
        """The pictures of which anything moves."""
        return np.any(self.nodes, axis=(1, 2, 3))

    def step(self, i: int) -> Displacement:
        """The step of a route that it is for a picture."""
        tall, wide = self.canvas[i].tolist()
        return Displacement(nodes=self.nodes[i], canvas=(tall, wide), smooth=self.smooth)


@dataclass(frozen=True, kw_only=True, eq=False)
class Color(Stage):
    """An affine map of the three channels: each becomes a sum of all, plus a constant.

    Args:
        matrix: of each picture: (red, green, blue, 1) to (red, green, blue).
        of_means: how much of the channels' means over what will be seen is added, as `Contrast` does.
    """

    matrix: Float[NDArray[np.float64], "b 3 4"]
    of_means: Float[NDArray[np.float64], "b 3 3"]

    sort = "color"

    @classmethod
    def of(cls, matrix: Float[NDArray[np.float64], "b 3 4"], *, op: str) -> Self:
        """A color matrix that needs no means."""
        return cls(op=op, matrix=matrix, of_means=np.zeros((len(matrix), 3, 3)))

    def only(self, chosen: Chosen, canvas: Canvas) -> Self:
        """The same for some pictures; the others keep their colors."""
        same = np.eye(3, 4)
        return dataclasses.replace(
            self,
            matrix=np.where(chosen[:, None, None], self.matrix, same),
            of_means=np.where(chosen[:, None, None], self.of_means, 0.0),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve(Stage):
    """A curve for each channel: a table from levels to levels, linear in between.

    Args:
        table: of each picture and channel: the new level of 0, 1 ... 255.
    """

    table: Float[NDArray[np.float32], "b 3 256"]

    sort = "curve"

    def only(self, chosen: Chosen, canvas: Canvas) -> Self:
        """The same for some pictures; the others keep their levels."""
        same = np.arange(256, dtype=np.float32)
        return dataclasses.replace(self, table=np.where(chosen[:, None, None], self.table, same))


@dataclass(frozen=True, kw_only=True, eq=False)
class Hue(Stage):
    """A turn of the hue circle of the HSV model; saturation and value stay.

    Args:
        turn: in whole turns; 0.5 makes red cyan.
    """

    turn: Float[NDArray[np.float64], " b"]

    sort = "hue"

    def only(self, chosen: Chosen, canvas: Canvas) -> Self:
        """The same for some pictures; the others keep their hue."""
        return dataclasses.replace(self, turn=np.where(chosen, self.turn, 0.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class Cover(Stage):
    """Rectangles of the canvas that get one color.

    Args:
        boxes: x0 y0 x1 y1 of each, in pixels of the canvas; an empty one covers nothing.
        colors: red, green and blue levels of each.
        canvas: height and width of the canvas.
    """

    boxes: Float[NDArray[np.float64], "b n xyxy=4"]
    colors: Float[NDArray[np.float64], "b n 3"]
    canvas: Canvas

    sort = "cover"

    def only(self, chosen: Chosen, canvas: Canvas) -> Self:
        """The same for some pictures; of the others nothing is covered."""
        return dataclasses.replace(self, boxes=np.where(chosen[:, None, None], self.boxes, 0.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class Filter(Stage):
    """Anything that looks at a pixel's neighbors or at the whole picture: it has the picture to itself.

    Args:
        chosen: the pictures it changes.
        apply: from the uint8 pixels of a picture and its number in the batch to new ones of the same
            shape; a pure function, called from several threads at once.
    """

    chosen: Chosen
    apply: Callable[[NDArray[np.uint8], int], NDArray[np.uint8]]

    sort = "filter"

    def only(self, chosen: Chosen, canvas: Canvas) -> Self:
        """The same for some of its pictures."""
        return dataclasses.replace(self, chosen=self.chosen & chosen)


@dataclass(frozen=True, kw_only=True, eq=False)
class Tiles:
    """Windows of some pictures, side by side, that become one picture.

    Args:
        partner: position in the batch of the picture that each tile shows; perhaps the picture's own.
        source: the window x0 y0 x1 y1 of that picture's input, at least as large as where it goes.
        target: where it goes, x0 y0 x1 y1 in the input; empty for a tile that is none.
        least: share of an object that must still be seen for it to stay a target.
    """

    partner: Int[NDArray[np.int64], "b n"]
    source: Int[NDArray[np.int64], "b n xyxy=4"]
    target: Int[NDArray[np.int64], "b n xyxy=4"]
    least: Float[NDArray[np.float64], " b"]

    @property
    def tiled(self) -> Chosen:
        """The pictures that are made of tiles."""
        return np.any(self.target[..., 2:] > 0, axis=(1, 2))


@dataclass(frozen=True, kw_only=True, eq=False)
class Copies:
    """Objects of the partner that are pasted; which ones is known when masks and boxes have moved.

    Args:
        share: of the partner's objects, above 0; 0 for a picture into which none are pasted.
        key: of the random numbers that choose them.
        soft_px: standard deviation of the blur of their edges, in pixels.
        least: share of an object that must still be seen for it to stay a target.
        background: class of a mask that is no object; -1 for none.
        only: whether each class is pasted.
    """

    share: Float[NDArray[np.float64], " b"]
    key: UInt64[NDArray[np.uint64], " b"]
    soft_px: Float[NDArray[np.float64], " b"]
    least: Float[NDArray[np.float64], " b"]
    background: Int[NDArray[np.int64], " b"]
    only: Bool[NDArray[np.bool_], "b 256"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Mix(Stage):
    """Some pictures become one, after everything else.

    Args:
        partner: position in the batch of the picture that a picture is mixed with.
        share: weight of the picture's own label, in [0, 1].
        blended: whether the partner is blended in with weight 1 - share.
        pasted: region x0 y0 x1 y1 of the input that the partner covers; empty for none.
        chosen: the pictures that are mixed.
        tiles: what pictures are made of that show several side by side; None: no picture does.
        copies: objects that are pasted; None: none are.
    """

    partner: Int[NDArray[np.int64], " b"]
    share: Float[NDArray[np.float64], " b"]
    blended: Bool[NDArray[np.bool_], " b"]
    pasted: Int[NDArray[np.int64], "b xyxy=4"]
    chosen: Chosen
    tiles: Tiles | None = None
    copies: Copies | None = None

    sort = "mix"

    def only(self, chosen: Chosen, canvas: Canvas) -> Self:
        """The same for some of its pictures."""
        return dataclasses.replace(self, chosen=self.chosen & chosen)
