"""`clahe`: contrast that follows the place."""

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
class Clahe(Op, kind="clahe"):
    """Equalize lightness, or each channel, in tiles and with a limit on contrast.

    Source:
        Zuiderveld 1994, "Contrast limited adaptive histogram equalization", Graphics Gems IV.
    """

    limit: Param = option((1.0, 4.0), "steepest slope of a tile's curve", low=0.1, high=100)
    tiles: int = option(8, "tiles along each side", low=1, high=64)
    of: str = option("lightness", "what is equalized", choices=("lightness", "channels"))
    p: float = option(0.5, "how often a picture is equalized", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one limit per picture."""
        limit = draw.value(self.limit, "limit")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Equalize lightness alone, or each channel."""
            import cv2

            equalizer = cv2.createCLAHE(clipLimit=float(limit[i]), tileGridSize=(self.tiles, self.tiles))
            if self.of == "channels":
                planes = [equalizer.apply(pixels[..., c]) for c in range(3)]
                return np.asarray(np.stack(planes, axis=2), np.uint8)
            lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
            cv2.insertChannel(equalizer.apply(cv2.extractChannel(lab, 0)), lab, 0)
            return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB, dst=lab), np.uint8)

        return (Filter(op="clahe", chosen=draw.chosen(self.p), apply=changed),)
