"""`salt-and-pepper`: white and black specks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.grain import struck
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class SaltAndPepper(Op, kind="salt-and-pepper"):
    """Make some pixels white and as many black."""

    share: Param = option((0.0, 0.03), "pixels that are changed", low=0, high=1)
    apart: bool = option(False, "each channel is changed on its own")
    p: float = option(0.5, "how often a picture has specks", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one share per picture; each pixel's lot is drawn when it is needed."""
        share, keys = draw.value(self.share, "share"), draw.keys("specks")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            half = float(share[i]) / 2
            return struck(pixels, keys[i], shares=(half, half), levels=(255, 0), apart=self.apart)

        return (Filter(op="salt-and-pepper", chosen=draw.chosen(self.p), apply=changed),)
