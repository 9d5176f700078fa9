"""`gaussian-blur`: softer pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.neighbors import softened
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option

_SHARP_PX = 0.05


@dataclass(frozen=True, kw_only=True)
class GaussianBlur(Op, kind="gaussian-blur"):
    """Weigh neighbors by a Gaussian; beyond the border pixels are reflected."""

    sigma_px: Param = option((0.1, 2.0), "standard deviation", unit="px", low=0, high=100)
    p: float = option(0.5, "how often a picture is blurred", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one deviation per picture."""
        sigma = draw.value(self.sigma_px, "sigma_px")

        def blurred(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            return softened(pixels, float(sigma[i]))

        chosen = np.asarray(draw.chosen(self.p) & (sigma > _SHARP_PX))
        return (Filter(op="gaussian-blur", chosen=chosen, apply=blurred),)
