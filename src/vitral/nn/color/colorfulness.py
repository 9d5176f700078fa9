"""How colorful a picture looks."""

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

_STRIP_PIXELS = 2**20
# What the rounding of a grey JPEG file and the paper of a scan may show.
_LEAST_COLORFUL = 2.0


def colorfulness(pixels: UInt8[NDArray[np.uint8], "h w c=3"]) -> float:
    """Colorfulness of a uint8 sRGB picture: 0 for grey, about 15 slightly, 60 quite, 110 extremely.

    Source:
        Hasler, Suesstrunk 2003, "Measuring colorfulness in natural images", eq. of M3.
    """
    sums = np.zeros((2, 2))
    rows = max(1, _STRIP_PIXELS // pixels.shape[1])
    for top in range(0, len(pixels), rows):
        red, green, blue = np.moveaxis(pixels[top : top + rows].astype(np.float32), 2, 0)
        for number, plane in enumerate((red - green, (red + green) / 2 - blue)):
            sums[number] += plane.sum(dtype=np.float64), np.square(plane).sum(dtype=np.float64)
    means, squares = (sums / (pixels.shape[0] * pixels.shape[1])).T
    variance = np.maximum(squares - means**2, 0).sum()
    return float(np.sqrt(variance) + 0.3 * np.sqrt((means**2).sum()))


def is_colorful(pixels: UInt8[NDArray[np.uint8], "h w c=3"]) -> bool:
    """Whether a picture has colors from which a colorizer can learn, or by which it can be judged."""
    return colorfulness(pixels) >= _LEAST_COLORFUL
