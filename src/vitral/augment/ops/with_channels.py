"""`with-channels`: ops on some of the channels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.branch import Branch, check_branch
from vitral.augment.ops.invert import Invert
from vitral.augment.stages import Filter, Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class WithChannels(Op, kind="with-channels"):
    """Do some ops, and keep what they make of some of the channels only.

    The ops see all three channels: what needs them all, as a hue or a mean, is that of the picture.

    Raises:
        OptionError: an op moves pixels or mixes pictures.
    """

    ops: tuple[Op, ...] = option((), "the ops, in turn")
    channels: str = option(
        "r", "those that change: red, green, blue", choices=("r", "g", "b", "rg", "rb", "gb")
    )

    zero = {"ops": ()}  # noqa: RUF012
    example = {"ops": (Invert(),)}  # noqa: RUF012

    def __post_init__(self) -> None:
        super().__post_init__()
        check_branch(self.ops, "WithChannels.ops")

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw the numbers of the ops."""
        if not self.ops:
            return ()
        branch = Branch.of(self.ops, draw, frame)
        kept = np.array([name in self.channels for name in "rgb"])

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            return np.where(kept, branch(pixels, i), pixels)

        return (Filter(op="with-channels", chosen=np.ones(len(frame), dtype=np.bool_), apply=changed),)
