"""`sometimes`: ops that only some pictures get."""

from dataclasses import dataclass

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op, lower_in_turn
from vitral.augment.ops.flip import Flip
from vitral.augment.stages import Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Sometimes(Op, kind="sometimes"):
    """All of its ops, or none of them."""

    ops: tuple[Op, ...] = option((), "the ops, in turn")
    p: float = option(0.5, "how often a picture gets them", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012
    example = {"ops": (Flip(p=1.0),)}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> tuple[Stage, ...]:
        """The stages of all, for some pictures."""
        chosen = draw.chosen(self.p)
        return tuple(stage.only(chosen, frame.canvas) for stage in lower_in_turn(self.ops, draw, frame))
