"""`one-of`: each picture gets one of some ops."""

from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op, draws_of
from vitral.augment.ops.flip import Flip
from vitral.augment.ops.shift import Shift
from vitral.augment.stages import Stage
from vitral.augment.variables import Choice
from vitral.core import OptionError, option


@dataclass(frozen=True, kw_only=True)
class OneOf(Op, kind="one-of"):
    """Each picture gets one of some ops, all alike or by their weights.

    Raises:
        OptionError: there is not one weight for each op, or all are zero.
    """

    ops: tuple[Op, ...] = option((), "the ops")
    weights: tuple[float, ...] | None = option(None, "how often each comes; none: all alike", low=0)

    zero = {"ops": ()}  # noqa: RUF012
    example = {"ops": (Flip(p=1.0), Shift())}  # noqa: RUF012

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights is not None and (len(self.weights) != len(self.ops) or sum(self.weights) <= 0):
            raise OptionError(
                f"OneOf.weights: must hold {len(self.ops)} numbers, not all zero, got {self.weights}"
            )

    def lower(self, draw: Draw, frame: Frame) -> tuple[Stage, ...]:
        """The stages of all, each for the pictures that get it."""
        if not self.ops:
            return ()
        numbers = tuple(float(number) for number in range(len(self.ops)))
        which = draw.value(Choice(values=numbers, weights=self.weights), "which")
        stages: list[Stage] = []
        after = frame
        for number, (op, own) in enumerate(zip(self.ops, draws_of(self.ops, draw), strict=True)):
            # All begin where the pictures stand now, since each gets only one.
            chosen = np.asarray(which == number)
            lowered = [stage.only(chosen, after.canvas) for stage in op.lower(own, frame)]
            stages += lowered
            after = after.after(lowered)
        return tuple(stages)
