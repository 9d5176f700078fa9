"""`with-polar`: geometry in polar coordinates, and back."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op, lower_in_turn
from vitral.augment.ops.branch import one_picture
from vitral.augment.ops.fields import FINE, field, lattice
from vitral.augment.ops.translate import Translate
from vitral.augment.route import joined
from vitral.augment.stages import Field, Stage, Warp
from vitral.core import OptionError, option


@dataclass(frozen=True, kw_only=True)
class WithPolar(Op, kind="with-polar"):
    """Bring pictures to polar coordinates, do some geometry there, and bring them back, all at once.

    In polar coordinates the distance from the center goes across, from 0 to that of the corners, and the
    angle down, from the right and clockwise. What moves down there turns around the center here.
    Where the ops tear the ends of the circle apart, the tear is about a hundredth of the canvas wide.

    Raises:
        OptionError: an op does something other than to move pixels.
    """

    ops: tuple[Op, ...] = option((), "geometry, in turn")
    p: float = option(0.5, "how often a picture gets it", low=0, high=1)

    zero = {"ops": ()}  # noqa: RUF012
    example = {"ops": (Translate(),), "p": 1.0}  # noqa: RUF012

    def __post_init__(self) -> None:
        super().__post_init__()
        frame = Frame(canvas=np.array([[8.0, 8.0]]), height=8, width=8, fit="crop")
        for stage in lower_in_turn(self.ops, Draw(one_picture(), ""), frame):
            if not isinstance(stage, Warp | Field):
                raise OptionError(
                    f"WithPolar.ops: {stage.op} does not move pixels; put it before or behind, "
                    "into the chain itself"
                )

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw the numbers of the ops."""
        if not self.ops:
            return ()
        chosen = draw.chosen(self.p)
        inner = dataclasses.replace(frame, boxes=None, moves=())
        stages = lower_in_turn(self.ops, draw, inner)
        last = inner.after(stages).canvas
        at = lattice(frame, FINE, FINE)
        moves = np.zeros_like(at)
        for i in np.flatnonzero(chosen).tolist():
            way = joined(tuple(stage.step(i) for stage in stages if isinstance(stage, Warp | Field)))
            points = at[i].reshape(-1, 2)
            places = _upright(way.there(_polar(points, frame.canvas[i], last[i])), frame.canvas[i])
            # Behind a horizon there is nothing; far out every border is as good as another.
            far = points + 4 * frame.canvas[i].max()
            moves[i] = (np.where(np.isfinite(places), places, far) - points).reshape(at[i].shape)
        return (field(frame, moves, chosen, op="with-polar", smooth=True),)


Points = Float[NDArray[np.float64], "n xy=2"]
Size = Float[NDArray[np.float64], " hw=2"]


def _polar(points: Points, canvas: Size, into: Size) -> Points:
    """Where points of a canvas lie in the picture of its polar coordinates, which has another size."""
    x, y = (points - canvas[::-1] / 2).T
    distance, angle = np.hypot(x, y) / (np.hypot(*canvas) / 2), np.arctan2(y, x) / (2 * np.pi) % 1.0
    return np.stack([distance * into[1], angle * into[0]], axis=1)


def _upright(points: Points, canvas: Size) -> Points:
    """Where points of the picture of a canvas's polar coordinates lie on it; both of one size."""
    distance = points[:, 0] / canvas[1] * np.hypot(*canvas) / 2
    angle = points[:, 1] / canvas[0] * (2 * np.pi)
    return canvas[::-1] / 2 + distance[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
