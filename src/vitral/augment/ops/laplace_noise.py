"""`laplace-noise`: grain with outliers."""

from collections.abc import Sequence
from dataclasses import dataclass

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.grain import LAPLACE, grain
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class LaplaceNoise(Op, kind="laplace-noise"):
    """Add independent noise of the Laplace distribution, whose tails are heavier than the normal one's."""

    deviation: Param = option((2.0, 12.0), "standard deviation, in levels", low=0, high=255)
    grey: bool = option(False, "the same noise in all channels")
    p: float = option(0.5, "how often a picture is noisy", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one deviation per picture; each pixel's noise is drawn when it is needed."""
        deviation = draw.value(self.deviation, "deviation")
        return (grain(draw, self.p, LAPLACE, deviation, grey=self.grey, op="laplace-noise"),)
