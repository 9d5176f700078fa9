"""`log-contrast`: lighter dark tones."""

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
class LogContrast(Op, kind="log-contrast"):
    """Replace a value v in [0, 1] by a multiple of log2(1 + v); what passes white stays white."""

    gain: Param = option((0.6, 1.4), "the multiple; 1 keeps black and white", low=0, high=10)
    p: float = option(0.5, "how often a picture is changed", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one multiple per picture."""
        gain = draw.value(self.gain, "gain")[:, None]
        table = np.minimum(255 * gain * np.log2(1 + np.arange(256) / 255), 255).astype(np.float32)
        curve = Curve(op="log-contrast", table=np.repeat(table[:, None], 3, axis=1))
        return (curve.only(draw.chosen(self.p), frame.canvas),)
