"""`some-of`: each picture gets a few of many ops."""

from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op, lower_some
from vitral.augment.ops.flip import Flip
from vitral.augment.ops.shift import Shift
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class SomeOf(Op, kind="some-of"):
    """Each picture gets a few of many ops, in the order in which they stand here."""

    ops: tuple[Op, ...] = option((), "the ops")
    count: Param = option(1.0, "how many a picture gets; rounded", low=0, high=1000)

    zero = {"count": 0.0}  # noqa: RUF012
    example = {"ops": (Flip(p=1.0), Shift())}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> tuple[Stage, ...]:
        """The stages of all, each for the pictures that get it."""
        if not self.ops:
            return ()
        lots = np.stack([draw.uniform(f"lot.{number}") for number in range(len(self.ops))])
        rank = lots.argsort(axis=0).argsort(axis=0)
        return lower_some(self.ops, rank < np.rint(draw.value(self.count, "count")), draw, frame)
