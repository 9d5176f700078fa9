"""`defocus`: out of focus."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.neighbors import correlated
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Defocus(Op, kind="defocus"):
    """Average over a disk, as a lens out of focus does.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3. Departure: pixels on the rim of the disk
        count by their covered share.
    """

    radius_px: Param = option((1.0, 4.0), "of the disk", unit="px", low=0, high=50)
    p: float = option(0.5, "how often a picture is blurred", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one radius per picture."""
        radius = draw.value(self.radius_px, "radius_px")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            return correlated(pixels, _disk(float(radius[i])))

        return (Filter(op="defocus", chosen=draw.chosen(self.p), apply=changed),)


def _disk(radius: float) -> Float[NDArray[np.float32], "side side"]:
    """The weights of a disk: of each pixel, how many of 16 x 16 places in it lie inside."""
    reach, fine = math.ceil(max(radius - 0.5, 0.0)), 16
    at = (np.arange((2 * reach + 1) * fine) + 0.5) / fine - reach - 0.5
    inside = at[:, None] ** 2 + at**2 <= max(radius, 0.1) ** 2
    kernel = inside.reshape(2 * reach + 1, fine, 2 * reach + 1, fine).mean(axis=(1, 3))
    return (kernel / kernel.sum()).astype(np.float32)
