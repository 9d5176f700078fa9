"""`uniform-noise`: grain within bounds."""

from collections.abc import Sequence
from dataclasses import dataclass

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.grain import EVEN, grain
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class UniformNoise(Op, kind="uniform-noise"):
    """Add a number to every level; all within a range around zero are alike."""

    reach: Param = option((5.0, 20.0), "the largest number, in levels", low=0, high=255)
    grey: bool = option(False, "the same noise in all channels")
    p: float = option(0.5, "how often a picture is noisy", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one reach per picture; each pixel's noise is drawn when it is needed."""
        reach = draw.value(self.reach, "reach")
        return (grain(draw, self.p, EVEN, reach, grey=self.grey, op="uniform-noise"),)
