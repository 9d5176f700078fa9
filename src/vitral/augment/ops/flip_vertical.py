"""`flip-vertical`: mirror pictures top to bottom."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, mirrored
from vitral.augment.op import Op
from vitral.augment.stages import Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class FlipVertical(Op, kind="flip-vertical"):
    """Mirror pictures top to bottom, as is right where there is no above: cells, satellites."""

    p: float = option(0.5, "how often a picture is mirrored", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Mirror some pictures."""
        chosen = np.asarray(draw.uniform("flip") < self.p)
        return (mirrored(frame, chosen, axis=1, op="flip-vertical"),)
