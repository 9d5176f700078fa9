"""`class_colors`: the color of each class number, the same in overlays, legends and files."""

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.report.overlay import class_color

_NOT_COUNTED = 255
_NOT_COUNTED_COLOR = (224, 224, 192)  # That of the palette of Pascal VOC.


def class_colors(*, background: bool) -> UInt8[NDArray[np.uint8], "256 rgb=3"]:
    """The color of each class number of a mask; always the same ones.

    Args:
        background: whether class 0 is what lies around the others; it is black then.
    """
    colors = np.array([class_color(number) for number in range(256)], dtype=np.uint8)
    colors[_NOT_COUNTED] = _NOT_COUNTED_COLOR
    if background:
        colors[0] = 0
    return colors
