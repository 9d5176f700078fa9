"""`sequence`: ops one after another."""

from dataclasses import dataclass

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op, lower_in_turn
from vitral.augment.ops.flip import Flip
from vitral.augment.stages import Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Sequence(Op, kind="sequence"):
    """Ops one after another; `a + b` is the same.

    In a chain its ops draw the numbers that they would draw without it.
    """

    ops: tuple[Op, ...] = option((), "the ops, in turn")

    zero = {"ops": ()}  # noqa: RUF012
    example = {"ops": (Flip(),)}  # noqa: RUF012

    def in_turn(self) -> tuple[Op, ...]:
        """The ops, with those of sequences in it."""
        return tuple(part for op in self.ops for part in op.in_turn())

    def lower(self, draw: Draw, frame: Frame) -> tuple[Stage, ...]:
        """The stages of all."""
        return lower_in_turn(self.ops, draw, frame)
