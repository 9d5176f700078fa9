"""`Op`: one random change of the training pictures."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.stages import Stage
from vitral.augment.variables.check_ranges import check_ranges
from vitral.core import Spec


@dataclass(frozen=True, kw_only=True)
class Op(Spec, family="op"):
    """One random change; it draws numbers for a whole batch, and lowers to stages.

    What is drawn for a picture is a pure function of (seed, epoch, `batch.draws`, the op's place):
    worker count, order and composition of the batch do not change it. Only which picture is the
    partner of a mix depends on the other pictures of the batch.

    A number may be given as a constant, as a pair (a range in which all are alike), or as a variable.

    Raises:
        OptionError: a range is upside down, or a variable can leave the option's range.
    """

    zero: ClassVar[Mapping[str, Any]]
    """The options at which the op changes nothing."""

    example: ClassVar[Mapping[str, Any]] = {}
    """Options of an op that is nothing without some."""

    def __add__(self, other: "Op") -> "Op":
        """Both, one after the other."""
        from vitral.augment.ops.sequence import Sequence as Both

        parts = [op.ops if isinstance(op, Both) else (op,) for op in (self, other)]
        return Both(ops=(*parts[0], *parts[1]))

    def in_turn(self) -> "tuple[Op, ...]":
        """The ops that are done one after another when this one is: itself, if it is no sequence."""
        return (self,)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self)

    @abstractmethod
    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw this op's numbers for a batch: what happens to each picture, as stages."""


def lower_in_turn(ops: Sequence[Op], draw: Draw, frame: Frame) -> tuple[Stage, ...]:
    """The stages of ops one after another; each has random numbers of its own.

    Sequences among them are taken apart first: how a chain is grouped changes no number.
    """
    stages: list[Stage] = []
    ops = [part for op in ops for part in op.in_turn()]
    for op, numbers in zip(ops, draws_of(ops, draw), strict=True):
        lowered = op.lower(numbers, frame)
        stages += lowered
        frame = frame.after(lowered)
    return tuple(stages)


def lower_some(
    ops: Sequence[Op], chosen: Bool[NDArray[np.bool_], "ops b"], draw: Draw, frame: Frame
) -> tuple[Stage, ...]:
    """The stages of ops one after another, of each for some of the pictures; a sequence stays one op.

    Args:
        ops: in turn.
        chosen: the pictures of each.
        draw: random numbers; each op has some of its own.
        frame: where the pictures stand before the first.
    """
    stages: list[Stage] = []
    for op, some, numbers in zip(ops, chosen, draws_of(ops, draw), strict=True):
        lowered = [stage.only(some, frame.canvas) for stage in op.lower(numbers, frame)]
        stages += lowered
        frame = frame.after(lowered)
    return tuple(stages)


def draws_of(ops: Sequence[Op], draw: Draw) -> list[Draw]:
    """Random numbers for each op: the first of a kind keeps its own when another is added behind it."""
    times: Counter[str] = Counter()
    found = []
    for op in ops:
        kind = str(op.kind)
        times[kind] += 1
        found.append(draw.below(kind if times[kind] == 1 else f"{kind}.{times[kind]}"))
    return found
