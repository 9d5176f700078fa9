"""`contrast`: flatter or harder pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Color, Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Contrast(Op, kind="contrast"):
    """Move all values of a picture away from their mean or toward it; values stay in [0, 1].

    The mean is one number, over the pixels and channels of what the network will see.
    """

    strength: float = option(
        0.2, "factors lie in [1 - strength, 1 + strength]", low=0, high=1, search=(0.0, 0.5)
    )

    zero = {"strength": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one factor per picture."""
        factor = draw.uniform("factor", 1 - self.strength, 1 + self.strength)[:, None, None]
        return (
            Color(
                op="contrast", matrix=factor * np.eye(3, 4), of_means=(1 - factor) * np.full((3, 3), 1 / 3)
            ),
        )
