"""`quantize-colors`: few levels of each channel."""

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
class QuantizeColors(Op, kind="quantize-colors"):
    """Round each level to the nearest of a few that are evenly spaced from black to white."""

    levels: Param = option(Discrete(low=4, high=16), "of each channel; rounded", low=2, high=256)

    zero = {"levels": 256.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one number of levels per picture."""
        steps = np.rint(draw.value(self.levels, "levels"))[:, None] - 1
        table = (np.floor(np.arange(256) / 255 * steps + 0.5) * 255 / steps).astype(np.float32)
        return (Curve(op="quantize-colors", table=np.repeat(table[:, None], 3, axis=1)),)
