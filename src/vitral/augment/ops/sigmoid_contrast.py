"""`sigmoid-contrast`: harder middle tones, softer ends."""

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
class SigmoidContrast(Op, kind="sigmoid-contrast"):
    """Put levels on a logistic curve: contrast grows around a middle, and falls near black and white.

    Source:
        Braun and Fairchild 1999, "Image lightness rescaling using sigmoidal contrast enhancement
        functions". Departure: the curve is not stretched to reach black and white.
    """

    gain: Param = option((3.0, 10.0), "slope of the curve, against one of 4", low=0, high=100)
    middle: Param = option((0.4, 0.6), "value in [0, 1] that becomes 0.5", low=0, high=1)
    p: float = option(0.5, "how often a picture is changed", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one curve per picture."""
        gain, middle = draw.value(self.gain, "gain")[:, None], draw.value(self.middle, "middle")[:, None]
        table = (255 / (1 + np.exp(gain * (middle - np.arange(256) / 255)))).astype(np.float32)
        curve = Curve(op="sigmoid-contrast", table=np.repeat(table[:, None], 3, axis=1))
        return (curve.only(draw.chosen(self.p), frame.canvas),)
