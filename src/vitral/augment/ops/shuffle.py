"""`shuffle`: ops in a random order."""

from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op, draws_of
from vitral.augment.ops.flip import Flip
from vitral.augment.ops.shift import Shift
from vitral.augment.stages import Stage
from vitral.core import OptionError, option

_MOST = 8


@dataclass(frozen=True, kw_only=True)
class Shuffle(Op, kind="shuffle"):
    """All of its ops, for each picture in another order.

    Every op may come at every place, so many ops make many stages; there may be eight at most.

    Raises:
        OptionError: there are more.
    """

    ops: tuple[Op, ...] = option((), "the ops")

    zero = {"ops": ()}  # noqa: RUF012
    example = {"ops": (Flip(), Shift())}  # noqa: RUF012

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.ops) > _MOST:
            raise OptionError(f"Shuffle.ops: must be {_MOST} at most, got {len(self.ops)}")

    def lower(self, draw: Draw, frame: Frame) -> tuple[Stage, ...]:
        """The stages of all at every place, each for the pictures that have it there."""
        if not self.ops:
            return ()
        lots = np.stack([draw.uniform(f"lot.{number}") for number in range(len(self.ops))])
        place = lots.argsort(axis=0).argsort(axis=0)
        stages: list[Stage] = []
        for turn in range(len(self.ops)):
            after = frame
            for number, (op, own) in enumerate(zip(self.ops, draws_of(self.ops, draw), strict=True)):
                lowered = [stage.only(place[number] == turn, after.canvas) for stage in op.lower(own, frame)]
                stages += lowered
                after = after.after(lowered)
            frame = after
        return tuple(stages)
