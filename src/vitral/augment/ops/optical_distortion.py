"""`optical-distortion`: as a lens bends what should be straight."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.fields import FINE, field
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class OpticalDistortion(Op, kind="optical-distortion"):
    """Bend straight lines as lenses do: above 0 outward, like a barrel, below 0 inward, like a pincushion.

    A pixel at distance r from the center shows what lies at r * (1 + k1 * r**2 + k2 * r**4), where r is 1
    at the corners.

    Source:
        Brown 1966, "Decentering distortion of lenses", the radial part.
    """

    k1: Param = option((-0.2, 0.2), "how strongly, by the square of the distance", low=-0.33, high=2)
    k2: Param = option(0.0, "the same by its fourth power", low=-0.2, high=2)
    p: float = option(0.5, "how often a picture is bent", low=0, high=1)

    zero = {"k1": 0.0, "k2": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw two numbers per picture."""
        k1, k2 = (draw.value(what, name)[:, None, None] for what, name in ((self.k1, "k1"), (self.k2, "k2")))
        chosen = draw.chosen(self.p)
        x, y = (np.linspace(-0.5, 0.5, FINE) * frame.canvas[:, [axis]] for axis in (1, 0))
        half = np.hypot(*frame.canvas.T)[:, None, None] / 2
        square = ((y**2)[:, :, None] + (x**2)[:, None]) / half**2
        bend = k1 * square
        if k2.any():
            bend += k2 * square**2
        moves = np.empty((*bend.shape, 2))
        np.multiply(bend, x[:, None], out=moves[..., 0])
        np.multiply(bend, y[:, :, None], out=moves[..., 1])
        return (field(frame, moves, chosen, op="optical-distortion", smooth=True),)
