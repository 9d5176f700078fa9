"""`fog`: behind drifting fog."""

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
class Fog(Op, kind="fog"):
    """Blend pictures with a bright grey, here more and there less, as fog drifts.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3. Departure: the clouds are sums of random
        grids, not of the diamond-square algorithm, and what is behind them keeps its share.
    """

    density: Param = option((0.3, 0.8), "weight of the fog where it is densest", low=0, high=1)
    level: Param = option((200.0, 240.0), "of the fog", low=0, high=255)
    p: float = option(0.3, "how often a picture is foggy", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one density per picture; clouds are drawn when they are needed."""
        density, level = draw.value(self.density, "density"), draw.value(self.level, "level")
        generator = draw.generators("clouds")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            drift = clouds(generator(i), *pixels.shape[:2])[..., None]
            weight = np.float32(density[i]) * (np.float32(0.4) + np.float32(0.6) * drift)
            return np.rint(pixels + weight * (np.float32(level[i]) - pixels)).astype(np.uint8)

        return (Filter(op="fog", chosen=draw.chosen(self.p), apply=changed),)
