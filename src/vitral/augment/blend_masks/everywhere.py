"""`everywhere`: the same weight for all pixels."""

from dataclasses import dataclass

import numpy as np

from vitral.augment.blend_masks.blend_mask import BlendMask, Weigh
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame


@dataclass(frozen=True, kw_only=True)
class Everywhere(BlendMask, kind="everywhere"):
    """All pixels alike."""

    def prepared(self, draw: Draw, frame: Frame) -> Weigh:
        """Nothing is drawn."""
        whole = np.ones((1, 1, 1), np.float32)
        return lambda _pixels, _i: whole
