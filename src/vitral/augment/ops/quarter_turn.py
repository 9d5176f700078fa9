"""`quarter-turn`: turn pictures by a multiple of 90 degrees."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Stage, Warp
from vitral.augment.variables import Discrete, Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class QuarterTurn(Op, kind="quarter-turn"):
    """Turn pictures clockwise by a multiple of 90 degrees; the canvas turns with them.

    Pixels are only moved, none is resampled.
    """

    turns: Param = option(Discrete(low=0, high=3), "how many quarters; rounded", low=-4, high=4)

    zero = {"turns": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw a number of turns per picture."""
        turns = np.rint(draw.value(self.turns, "turns")).astype(np.int64) % 4
        tall, wide = frame.tall, frame.wide
        matrix = np.tile(np.eye(3), (len(frame), 1, 1))
        for number, (linear, x, y) in enumerate(
            (
                ([[1, 0], [0, 1]], 0 * wide, 0 * tall),
                ([[0, 1], [-1, 0]], 0 * wide, tall),
                ([[-1, 0], [0, -1]], wide, tall),
                ([[0, -1], [1, 0]], wide, 0 * tall),
            )
        ):
            some = turns == number
            matrix[some, :2, :2] = linear
            matrix[some, 0, 2], matrix[some, 1, 2] = x[some], y[some]
        canvas = np.where((turns % 2 == 1)[:, None], frame.canvas[:, ::-1], frame.canvas)
        return (Warp(op="quarter-turn", matrix=matrix, canvas=canvas),)
