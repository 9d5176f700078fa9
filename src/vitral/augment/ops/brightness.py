"""`brightness`: lighter or darker pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Color, Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Brightness(Op, kind="brightness"):
    """Multiply all values of a picture by one factor; values stay in [0, 1]."""

    strength: float = option(
        0.2, "factors lie in [1 - strength, 1 + strength]", low=0, high=1, search=(0.0, 0.5)
    )

    zero = {"strength": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one factor per picture."""
        factor = draw.uniform("factor", 1 - self.strength, 1 + self.strength)
        return (Color.of(factor[:, None, None] * np.eye(3, 4), op="brightness"),)
