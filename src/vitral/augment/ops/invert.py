"""`invert`: negatives."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Color, Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Invert(Op, kind="invert"):
    """Turn some pictures into their negatives: a level v becomes 255 - v."""

    p: float = option(0.5, "how often a picture is inverted", low=0, high=1)
    apart: bool = option(False, "each channel is inverted on its own")

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Invert some pictures, or some of their channels."""
        negative = np.concatenate([-np.eye(3), np.full((3, 1), 255.0)], axis=1)
        names = [f"chosen.{c}" if self.apart else "chosen" for c in range(3)]
        chosen = np.stack([draw.uniform(name) < self.p for name in names], axis=1)
        return (Color.of(np.where(chosen[..., None], negative, np.eye(3, 4)), op="invert"),)
