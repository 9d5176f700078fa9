"""`gamma`: lighter or darker middle tones."""

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
class Gamma(Op, kind="gamma"):
    """Raise values in [0, 1] to a power: below 1 middle tones get lighter, above 1 darker."""

    power: Param = option((0.7, 1.4), "the power; pairs are drawn on the logarithm", low=0.05, high=20)
    apart: bool = option(False, "each channel gets a power of its own")

    zero = {"power": 1.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one power per picture, or one per channel."""
        names = [f"power.{c}" if self.apart else "power" for c in range(3)]
        power = np.stack([draw.factor(self.power, name) for name in names], axis=1)
        table = (255 * (np.arange(256) / 255) ** power[..., None]).astype(np.float32)
        table[power == 1] = np.arange(256)
        return (Curve(op="gamma", table=table),)
