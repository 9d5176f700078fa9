"""`haze`: light scattered on the way."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.clouds import clouds
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Haze(Op, kind="haze"):
    """Add uneven light, and dim all until the brightest level is no brighter than it was.

    Contrast falls alike everywhere. Where much light is added the picture gets paler, where little is it gets
    darker; `Fog` only makes it paler, most where it is dense.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3, "fog". Departure: the light is a sum of
        random grids, not that of the diamond-square algorithm.
    """

    light: Param = option((0.3, 1.0), "the most that is added, in parts of white", low=0, high=10)
    rough: Param = option((0.25, 0.5), "strength of each finer part against the one before", low=0, high=1)
    p: float = option(0.3, "how often a picture is hazy", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one light per picture; where it falls is drawn when it is needed."""
        light, rough = draw.value(self.light, "light"), draw.value(self.rough, "rough")
        generator = draw.generators("clouds")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            uneven = clouds(generator(i), *pixels.shape[:2], octaves=8, rough=float(rough[i]))
            most, added = float(pixels.max()) / 255, np.float32(255 * light[i])
            down = np.float32(most / max(most + light[i], 1e-6))
            return np.rint((pixels + added * uneven[..., None]) * down).astype(np.uint8)

        return (Filter(op="haze", chosen=draw.chosen(self.p), apply=changed),)
