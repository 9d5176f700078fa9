"""`solarize`: bright levels become their negatives."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Curve, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Solarize(Op, kind="solarize"):
    """Invert all levels from a threshold on, as Pillow's `ImageOps.solarize` does."""

    threshold: Param = option((128.0, 256.0), "lowest level that is inverted; 256: none", low=0, high=256)

    zero = {"threshold": 256.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one threshold per picture."""
        levels = np.arange(256, dtype=np.float32)
        threshold = draw.value(self.threshold, "threshold")[:, None]
        table = np.where(levels < threshold, levels, 255 - levels).astype(np.float32)
        return (Curve(op="solarize", table=np.repeat(table[:, None], 3, axis=1)),)
