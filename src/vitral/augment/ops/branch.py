"""`Branch`: ops that are carried out at their place of a chain, on the pixels as they are there."""

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.engines.prepared import Prepared
from vitral.augment.engines.render import by_reference, engine
from vitral.augment.frame import Frame
from vitral.augment.op import Op, lower_in_turn
from vitral.augment.plan import planned
from vitral.augment.stages import Color, Cover, Curve, Filter, Hue, Mix, Stage
from vitral.core import Batch, OptionError

_STILL = (Color, Cover, Curve, Filter, Hue)
"""The stages that leave every pixel where it is, as masks, boxes and points see it."""


class Branch:
    """Ops for a batch, ready to be carried out on the pixels that a filter is given.

    A branch has a plan of its own, carried out on the processor wherever the rest runs, by the engine
    that the environment asks for. What it makes is rounded to bytes.

    Args:
        stages: in turn; they leave the canvas as it is, and mix no pictures.
        frame: where the pictures stand.
    """

    def __init__(self, stages: Sequence[Stage], frame: Frame) -> None:
        self._sizes = np.ceil(frame.canvas - 1e-6).astype(np.int64).clip(min=1)
        self._plan = planned(stages, frame, sizes=self._sizes) if stages else None
        self._passes = [] if self._plan is None else [Prepared(one) for one in self._plan.passes]
        self._by_reference = engine() == "reference"

    @classmethod
    def of(cls, ops: Sequence[Op], draw: Draw, frame: Frame) -> Self:
        """The branch of some ops, one after another."""
        return cls(lower_in_turn(ops, draw, frame), frame)

    def __call__(self, pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
        """What becomes of the pixels of picture `i` of the batch, in the same shape."""
        if self._by_reference and self._plan is not None:
            height, width = self._sizes[i].tolist()
            plan = dataclasses.replace(self._plan, height=height, width=width)
            made = by_reference(pixels, plan, i, np.ones(3, np.float32), np.zeros(3, np.float32))
            return np.clip(np.rint(made), 0, 255).astype(np.uint8)
        for one in self._passes:
            pixels = one.levels(pixels, i)
        return pixels


def check_branch(ops: Sequence[Op], where: str) -> None:
    """Refuse ops that cannot be in a branch: those that move pixels, and those that mix pictures.

    Which stages an op lowers to is the same for all batches, so one picture is enough to see them.

    Args:
        ops: of the branch.
        where: the option that holds them, for the message.
    Raises:
        OptionError: there is such an op.
    """
    if not ops:
        return
    frame = Frame(canvas=np.array([[8.0, 8.0]]), height=8, width=8, fit="crop")
    for stage in lower_in_turn(ops, Draw(one_picture(), ""), frame):
        if isinstance(stage, Mix):
            raise OptionError(
                f"{where}: {stage.op} needs another picture, and a branch sees one at a time; "
                "put it behind, into the chain itself"
            )
        if not isinstance(stage, _STILL):
            raise OptionError(
                f"{where}: {stage.op} moves pixels, and masks, boxes and points cannot go two ways; "
                "put it before or behind, into the chain itself"
            )


def one_picture() -> Batch:
    """A batch that is enough to see which stages ops lower to."""
    return Batch(
        pixels=np.zeros((1, 8, 8, 3), np.uint8),
        labels=torch.zeros(1, dtype=torch.int64),
        indices=np.zeros(1, dtype=np.int64),
        keys=("picture",),
        seed=0,
        epoch=0,
        position=0,
    )
