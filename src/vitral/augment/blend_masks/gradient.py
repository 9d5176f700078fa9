"""`Gradient`: what gradients along both axes have in common."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vitral.augment.blend_masks.blend_mask import BlendMask, Weigh, Weights
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Gradient(BlendMask):
    """From one side to the other; when `start` lies behind `end`, it runs the other way. Abstract."""

    axis: ClassVar[int]
    """Of the pixels: 0 runs down, 1 to the right."""

    start: Param = option((0.0, 0.2), "where it begins, as a share of the side", low=0, high=1)
    end: Param = option((0.8, 1.0), "where it is at its end, as a share of the side", low=0, high=1)
    low: Param = option((0.0, 0.2), "up to its beginning", low=0, high=1)
    high: Param = option((0.8, 1.0), "from its end on", low=0, high=1)

    def prepared(self, draw: Draw, frame: Frame) -> Weigh:
        """Draw both places and both numbers per picture."""
        start, end = draw.value(self.start, "start"), draw.value(self.end, "end")
        low, high = draw.value(self.low, "low"), draw.value(self.high, "high")
        shape = (-1, 1, 1) if self.axis == 0 else (1, -1, 1)

        def weights(pixels: NDArray[np.uint8], i: int) -> Weights:
            side = pixels.shape[self.axis]
            place = (np.arange(side) + 0.5) / side
            # Where both places are one the gradient is a step.
            far = end[i] - start[i] or 1e-9
            along = np.clip((place - start[i]) / far, 0, 1)
            return (low[i] + (high[i] - low[i]) * along).astype(np.float32).reshape(shape)

        return weights
