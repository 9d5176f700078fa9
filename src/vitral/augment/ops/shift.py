"""`shift`: move pictures a few pixels, with reflected borders."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, moved
from vitral.augment.op import Op
from vitral.augment.stages import Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Shift(Op, kind="shift"):
    """Move pictures a few pixels; what comes in from outside is reflected at the border.

    Pixels count at the size of the network's input, so that a larger picture moves by more of
    its own pixels.
    """

    px: int = option(2, "farthest move in x and in y", unit="px", low=0, high=64, search=(0, 8))

    zero = {"px": 0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Move each picture by a whole number of pixels in [-px, px], in x and in y."""
        x, y = (np.floor(draw.uniform(axis, -self.px, self.px + 1)) for axis in ("x", "y"))
        pixel = frame.input_pixel
        return (moved(frame, x * pixel[:, 1], y * pixel[:, 0], op="shift"),)
