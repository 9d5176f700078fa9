"""`posterize`: fewer levels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Curve, Stage
from vitral.augment.variables import Discrete, Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Posterize(Op, kind="posterize"):
    """Keep the highest bits of each level and clear the others, as Pillow's `ImageOps.posterize` does."""

    bits: Param = option(Discrete(low=4, high=7), "bits that are kept; rounded", low=1, high=8)

    zero = {"bits": 8.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw a number of bits per picture."""
        step = 2 ** (8 - np.rint(draw.value(self.bits, "bits")).astype(np.int64))[:, None]
        table = (np.arange(256) // step * step).astype(np.float32)
        return (Curve(op="posterize", table=np.repeat(table[:, None], 3, axis=1)),)
