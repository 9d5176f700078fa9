"""`speckle-noise`: grain that grows with the light."""

from collections.abc import Sequence
from dataclasses import dataclass

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.grain import NORMAL, grain
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class SpeckleNoise(Op, kind="speckle-noise"):
    """Multiply each level by a normal number around 1: dark places stay clean.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, "speckle noise" of the extra corruptions.
    """

    deviation: Param = option((0.03, 0.2), "standard deviation, as a share of the level", low=0, high=2)
    grey: bool = option(False, "the same numbers in all channels")
    p: float = option(0.5, "how often a picture is noisy", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one deviation per picture; each pixel's noise is drawn when it is needed."""
        deviation = draw.value(self.deviation, "deviation")
        return (grain(draw, self.p, NORMAL, deviation, grey=self.grey, op="speckle-noise", of_level=True),)
