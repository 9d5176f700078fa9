"""`elementwise`: each pixel has its own weight."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.blend_masks.blend_mask import BlendMask, Weigh, Weights, many
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Elementwise(BlendMask, kind="elementwise"):
    """One weight for each pixel; a `Choice` of 0 and 1 picks pixels from one branch or the other."""

    value: Param = option((0.0, 1.0), "drawn for each pixel", low=0, high=1)
    apart: bool = option(False, "whether each channel of a pixel has its own")

    def prepared(self, draw: Draw, frame: Frame) -> Weigh:
        """What the pixels get is drawn when it is needed."""

        def weights(pixels: NDArray[np.uint8], i: int) -> Weights:
            height, width, channels = *pixels.shape[:2], 3 if self.apart else 1
            numbers = many(self.value, draw, "value", i, height * width * channels)
            return numbers.reshape(height, width, channels)

        return weights
