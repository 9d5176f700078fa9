"""`auto-contrast`: the full range of levels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.stretches import changed_levels, stretched
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class AutoContrast(Op, kind="auto-contrast"):
    """Stretch each channel until it reaches from black to white, as Pillow's `ImageOps.autocontrast` does."""

    cutoff_percent: Param = option(0.0, "pixels that may be cut off at each end", unit="%", low=0, high=49)
    p: float = option(0.5, "how often a picture is stretched", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one cutoff per picture."""
        cutoff = draw.value(self.cutoff_percent, "cutoff_percent")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            return changed_levels(pixels, lambda counts: stretched(counts, float(cutoff[i])))

        return (Filter(op="auto-contrast", chosen=draw.chosen(self.p), apply=changed),)
