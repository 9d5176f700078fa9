"""`shadow`: something throws a shadow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Shadow(Op, kind="shadow"):
    """Darken what lies between two lines across the picture, with soft borders."""

    strength: Param = option((0.3, 0.6), "how much darker", low=0, high=1)
    width: Param = option((0.2, 0.6), "of the shadow, as a share of the picture", low=0, high=1)
    soft: float = option(0.01, "of its borders, as a share of the shorter side", low=0, high=0.5)
    p: float = option(0.3, "how often a picture has a shadow", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one shadow per picture."""
        strength, share = draw.value(self.strength, "strength"), draw.value(self.width, "width")
        # The two ends of its middle line, on opposite sides, and how it widens from one to the other.
        ends = draw.uniform("begin"), draw.uniform("end")
        widening = draw.uniform("widening", 0.6, 1.4)
        upright = draw.uniform("upright") < 0.5

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Darken the band, along rows or columns."""
            shape = pixels.shape[:2] if upright[i] else pixels.shape[1::-1]
            along = ((np.arange(shape[0], dtype=np.float32) + np.float32(0.5)) / np.float32(shape[0]))[
                :, None
            ]
            across = (np.arange(shape[1], dtype=np.float32) + np.float32(0.5)) / np.float32(shape[1])
            begin, end, wider = (np.float32(part[i]) for part in (*ends, widening))
            middle = begin + (end - begin) * along
            half = np.float32(share[i] / 2) * (wider + (2 - 2 * wider) * along)
            border = np.float32(max(self.soft * min(shape), 0.5) / shape[1])
            dark = np.clip((half - abs(across - middle)) / (2 * border) + np.float32(0.5), 0, 1)
            dark = np.float32(strength[i]) * (dark if upright[i] else dark.T)
            return np.rint(pixels * (1 - dark[..., None])).astype(np.uint8)

        return (Filter(op="shadow", chosen=draw.chosen(self.p), apply=changed),)
