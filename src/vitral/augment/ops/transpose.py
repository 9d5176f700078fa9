"""`transpose`: mirror pictures along their diagonal."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Stage, Warp
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Transpose(Op, kind="transpose"):
    """Mirror pictures along the diagonal from their upper left: rows become columns."""

    p: float = option(0.5, "how often a picture is mirrored", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Mirror some pictures."""
        matrix = np.tile(np.eye(3)[[1, 0, 2]], (len(frame), 1, 1))
        warp = Warp(op="transpose", matrix=matrix, canvas=frame.canvas[:, ::-1])
        return (warp.only(draw.chosen(self.p), frame.canvas),)
