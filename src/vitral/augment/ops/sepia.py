"""`sepia`: the brown of old photographs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Color, Stage
from vitral.augment.variables import Param
from vitral.core import option

# The weights that filters of CSS and of photo editors share.
_SEPIA = np.array([[0.393, 0.769, 0.189, 0.0], [0.349, 0.686, 0.168, 0.0], [0.272, 0.534, 0.131, 0.0]])


@dataclass(frozen=True, kw_only=True)
class Sepia(Op, kind="sepia"):
    """Give pictures the brown of old photographs, in part or altogether."""

    amount: Param = option((0.3, 1.0), "how much: 1 is altogether", low=0, high=1)
    p: float = option(0.5, "how often a picture turns brown", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one amount per picture."""
        amount = draw.value(self.amount, "amount")[:, None, None]
        color = Color.of((1 - amount) * np.eye(3, 4) + amount * _SEPIA, op="sepia")
        return (color.only(draw.chosen(self.p), frame.canvas),)
