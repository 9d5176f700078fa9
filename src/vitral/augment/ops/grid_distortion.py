"""`grid-distortion`: some columns and rows become wider, others narrower."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.fields import field, lattice
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class GridDistortion(Op, kind="grid-distortion"):
    """Cut pictures into columns and rows, and make each wider or narrower; the borders stay in place."""

    strength: Param = option((0.0, 0.3), "farthest change of a width, as a share of it", low=0, high=0.9)
    cells: int = option(5, "columns, and rows", low=2, high=64)
    p: float = option(0.5, "how often a picture is bent", low=0, high=1)

    zero = {"strength": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one strength per picture, and the width of each column and row."""
        strength, chosen = draw.value(self.strength, "strength"), draw.chosen(self.p)
        lines = lattice(frame, self.cells + 1, self.cells + 1)
        moves = np.zeros_like(lines)
        for axis, name in enumerate("xy"):
            wide = [1 + strength * draw.uniform(f"{name}.{k}", -1.0, 1.0) for k in range(self.cells)]
            ends = np.concatenate([np.zeros((1, len(frame))), np.cumsum(wide, axis=0)])
            moved = (ends / ends[-1]).T * frame.canvas[:, [1 - axis]]
            even = lines[:, 0, :, 0] if axis == 0 else lines[:, :, 0, 1]
            off = moved - even
            moves[..., axis] = off[:, None, :] if axis == 0 else off[:, :, None]
        moves[strength == 0] = 0.0  # whatever adding up leaves in the last bits
        return (field(frame, moves, chosen, op="grid-distortion", smooth=False),)
