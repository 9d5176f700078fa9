"""`in-boxes`: the objects of a picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.blend_masks.blend_mask import BlendMask, Weigh, Weights
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame


@dataclass(frozen=True, kw_only=True)
class InBoxes(BlendMask, kind="in-boxes"):
    """1 in the boxes of a picture's objects, where they are at this place of the chain, and 0 elsewhere."""

    def prepared(self, draw: Draw, frame: Frame) -> Weigh:
        """Nothing is drawn."""
        places = frame.boxes_here()

        def weights(pixels: NDArray[np.uint8], i: int) -> Weights:
            height, width = pixels.shape[:2]
            made = np.zeros((height, width, 1), np.float32)
            # A box behind the horizon of a perspective has no place.
            for box in places[i][np.isfinite(places[i]).all(axis=1)]:
                x0, y0, x1, y1 = np.clip(np.rint(box), 0, [width, height, width, height]).astype(int)
                made[y0:y1, x0:x1] = 1
            return made

        return weights
