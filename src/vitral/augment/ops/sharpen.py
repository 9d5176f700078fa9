"""`sharpen`: clearer edges."""

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


@dataclass(frozen=True, kw_only=True)
class Sharpen(Op, kind="sharpen"):
    """Add the difference from a blurred picture, times an amount (an unsharp mask)."""

    amount: Param = option((0.2, 1.0), "how much of the difference is added", low=0, high=10)
    sigma_px: float = option(1.0, "of the blur", unit="px", low=0.1, high=50)
    p: float = option(0.5, "how often a picture is sharpened", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one amount per picture."""
        amount = draw.value(self.amount, "amount")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            return softened(pixels, self.sigma_px, away=float(amount[i]))

        return (
            Filter(
                op="sharpen",
                chosen=np.asarray(draw.chosen(self.p) & (amount > 0)),
                apply=changed,
            ),
        )
