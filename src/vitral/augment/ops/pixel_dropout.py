"""`pixel-dropout`: single pixels are lost."""

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
class PixelDropout(Op, kind="pixel-dropout"):
    """Set single pixels, or single channels of them, to one level."""

    share: Param = option((0.0, 0.05), "pixels that are lost", low=0, high=1)
    level: Param = option(0.0, "what they become", low=0, high=255)
    apart: bool = option(False, "each channel is lost on its own")
    p: float = option(0.5, "how often a picture loses pixels", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one share per picture; each pixel's lot is drawn when it is needed."""
        share, keys = draw.value(self.share, "share"), draw.keys("lost")
        level = np.rint(draw.value(self.level, "level")).astype(np.uint8)

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            half, lost = float(share[i]) / 2, int(level[i])
            return struck(pixels, keys[i], shares=(half, half), levels=(lost, lost), apart=self.apart)

        return (Filter(op="pixel-dropout", chosen=draw.chosen(self.p), apply=changed),)
