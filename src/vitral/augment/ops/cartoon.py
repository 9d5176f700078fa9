"""`cartoon`: drawn by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option

_LONGEST, _FAINT = 256, 9.0


@dataclass(frozen=True, kw_only=True)
class Cartoon(Op, kind="cartoon"):
    """Draw pictures as cartoons: flat surfaces, strong colors, dark lines along edges.

    Surfaces are flattened by a mean shift on a picture of at most 256 pixels a side.
    """

    reach_levels: Param = option((15.0, 35.0), "colors that become one surface", low=1, high=255)
    saturation: Param = option((1.2, 2.0), "what the saturation is multiplied by", low=0, high=10)
    ink: Param = option((0.5, 1.0), "darkness of the lines", low=0, high=1)
    p: float = option(0.5, "how often a picture becomes a cartoon", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw three numbers per picture."""
        names = ("reach_levels", "saturation", "ink")
        reach, saturation, ink = (draw.value(getattr(self, name), name) for name in names)

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Flatten, draw lines, and strengthen colors."""
            import cv2

            height, width = pixels.shape[:2]
            shrink = min(1.0, _LONGEST / max(height, width))
            size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
            small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
            flat = cv2.pyrMeanShiftFiltering(cv2.medianBlur(small, 3), 0.03 * max(size) + 2, float(reach[i]))
            lines = np.float32(ink[i]) * _lines(np.asarray(flat, np.uint8))
            flat, lines = (
                np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
                for part in (flat, lines)
            )
            high = flat.max(axis=2, keepdims=True)
            # The most that leaves the lowest channel at black.
            most = high / np.maximum(high - flat.min(axis=2, keepdims=True), 1)
            strong = high - np.minimum(np.float32(saturation[i]), most) * (high - flat)
            return np.rint(np.clip(strong, 0, 255) * (1 - lines[..., None])).astype(np.uint8)

        return (Filter(op="cartoon", chosen=draw.chosen(self.p), apply=changed),)


def _lines(flat: NDArray[np.uint8]) -> Float[NDArray[np.float32], "h w"]:
    """How much ink lies on each pixel, in [0, 1]: where flat surfaces meet."""
    import cv2

    grey = cv2.GaussianBlur(cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY), (0, 0), 0.8)
    x, y = (
        np.asarray(cv2.Sobel(grey, cv2.CV_32F, *axes, scale=0.25, borderType=cv2.BORDER_REFLECT_101))
        for axes in ((1, 0), (0, 1))
    )
    return np.clip((np.hypot(x, y) - _FAINT) / _FAINT, 0, 1).astype(np.float32)
