"""What `CropTo` and `PadTo` have in common: the size that a canvas shall have, and where it lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, part_of_canvas
from vitral.augment.op import Op
from vitral.augment.stages import Stage, Warp
from vitral.core import OptionError, option

Sizes = Float[NDArray[np.float64], " b"]
_CLOSE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Goal:
    """The size that canvases shall have.

    Args:
        where: the op, for messages.
        height: in pixels; None leaves it.
        width: in pixels; None leaves it.
        multiple: of which height and width are whole multiples.
        power: of which height and width are powers, of exponents from 1 on.
        aspect: width / height.
    Raises:
        OptionError: the size is given in two ways.
    """

    where: str
    height: int | None
    width: int | None
    multiple: int | None
    power: int | None
    aspect: float | None

    def __post_init__(self) -> None:
        given = [name for name in ("multiple", "power", "aspect") if getattr(self, name) is not None]
        given += ["height and width"] if self.height is not None or self.width is not None else []
        if len(given) > 1:
            raise OptionError(f"{self.where}: {given[0]} and {given[1]} cannot both say what the size is")

    def canvas(self, frame: Frame, *, larger: bool) -> tuple[Sizes, Sizes]:
        """Height and width of the nearest canvas that is nowhere smaller, or nowhere larger, than it is."""
        limit = np.maximum if larger else np.minimum
        tall, wide = frame.tall, frame.wide
        if self.multiple is not None:
            unit = float(self.multiple)
            tall, wide = (_whole(side / unit, larger=larger) * unit for side in (tall, wide))
        elif self.power is not None:
            base = np.log(self.power)
            tall, wide = (
                self.power ** np.maximum(_whole(np.log(side) / base, larger=larger), 1)
                for side in (tall, wide)
            )
        elif self.aspect is not None:
            new = np.rint(wide / self.aspect), np.rint(tall * self.aspect)
            tall, wide = np.maximum(limit(tall, new[0]), 1.0), np.maximum(limit(wide, new[1]), 1.0)
        elif self.height is None and self.width is None:
            tall, wide = np.full(len(frame), float(frame.height)), np.full(len(frame), float(frame.width))
        else:
            tall = tall if self.height is None else np.full(len(frame), float(self.height))
            wide = wide if self.width is None else np.full(len(frame), float(self.width))
        # A picture smaller than one unit is not cropped to nothing.
        tall, wide = (np.where(new < 1, side, new) for new, side in ((tall, frame.tall), (wide, frame.wide)))
        return limit(tall, frame.tall), limit(wide, frame.wide)

    def reached(self, draw: Draw, frame: Frame, *, larger: bool, spread: float, op: str) -> Warp:
        """The canvas of that size, at a random place of whole pixels.

        Args:
            draw: random numbers.
            frame: the canvas.
            larger: whether it is padded, not cropped.
            spread: how far from the center, as a share of the room there is.
            op: the op that does it.
        """
        tall, wide = self.canvas(frame, larger=larger)
        starts = []
        for name, new, side in (("x", wide, frame.wide), ("y", tall, frame.tall)):
            room = np.abs(new - side)
            place = 0.5 + spread * (draw.uniform(name) - 0.5)
            starts.append(np.clip(np.ceil(place * (room + 1)) - 1, 0.0, np.floor(room)))
        x, y = (-start if larger else start for start in starts)
        return part_of_canvas(frame, x, y, wide, tall, op=op)


def _whole(number: Sizes, *, larger: bool) -> Sizes:
    """The next whole number, or the last; what is one up to rounding is one."""
    return np.ceil(number - _CLOSE) if larger else np.floor(number + _CLOSE)


@dataclass(frozen=True, kw_only=True)
class GoalOp(Op):
    """A canvas of a size that is told. Abstract.

    Raises:
        OptionError: the size is given in two ways.
    """

    height: int | None = option(None, "rows; none leaves them", unit="px", low=1, high=100_000)
    width: int | None = option(None, "columns; none leaves them", unit="px", low=1, high=100_000)
    multiple: int | None = option(
        None, "of which height and width are multiples", unit="px", low=1, high=10_000
    )
    power: int | None = option(None, "of which height and width are powers, 2 or 3, say", low=2, high=100)
    aspect: float | None = option(None, "width / height; 1 is a square", low=0.01, high=100)
    spread: float = option(1.0, "how far from the center it may lie: 0 is the center", low=0, high=1)

    zero = {"height": None, "width": None, "multiple": 1}  # noqa: RUF012
    larger: ClassVar[bool]
    """Whether canvases grow, else they shrink."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._goal()

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one place per picture."""
        goal, op = self._goal(), str(self.kind)
        return (goal.reached(draw, frame, larger=self.larger, spread=self.spread, op=op),)

    def _goal(self) -> Goal:
        return Goal(
            where=type(self).__name__,
            height=self.height,
            width=self.width,
            multiple=self.multiple,
            power=self.power,
            aspect=self.aspect,
        )
