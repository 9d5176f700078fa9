"""`some-colors`: by the hue of a pixel."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.blend_masks.blend_mask import BlendMask, Weigh, Weights, many
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.variables import Choice, Discrete, Param
from vitral.core import option

_HUES = 256


@dataclass(frozen=True, kw_only=True)
class SomeColors(BlendMask, kind="some-colors"):
    """One weight for each of some parts of the hue circle; a pixel gets that of its hue.

    Hues are those of the HSV model, of the picture before both branches. Greys have none; they go with red.
    """

    parts: Param = option(
        Discrete(low=5, high=15), "parts of the circle, from anywhere on; rounded", low=1, high=128
    )
    value: Param = option(Choice(), "drawn for each part", low=0, high=1)
    soft: float = option(0.2, "share of a part in which one goes over into the next", low=0, high=1)

    def prepared(self, draw: Draw, frame: Frame) -> Weigh:
        """Draw where parts begin and how many they are, per picture; their weights when they are needed."""
        parts, turn = np.rint(draw.value(self.parts, "parts")).astype(np.int64), draw.uniform("turn")

        def weights(pixels: NDArray[np.uint8], i: int) -> Weights:
            import cv2

            values = many(self.value, draw, "value", i, int(parts[i]))
            table = _table(values, float(turn[i]), self.soft)
            hue = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV_FULL), np.uint8)[..., 0]
            return table[hue][..., None]

        return weights


def _table(
    values: Float[NDArray[np.float32], " parts"], turn: float, soft: float
) -> Float[NDArray[np.float32], " hues=256"]:
    """The weight of each hue, from red around the circle."""
    place = (np.arange(_HUES) / _HUES + turn) * len(values)
    border = np.rint(place).astype(np.int64)
    over = np.clip(0.5 + (place - border) / max(soft, 1e-9), 0, 1)
    before, behind = values[(border - 1) % len(values)], values[border % len(values)]
    return (before + (behind - before) * over).astype(np.float32)
