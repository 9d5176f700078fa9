"""`snowfall`: behind fine snow, as in ImageNet-C."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.trail_blur import trail
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Snowfall(Op, kind="snowfall"):
    """Add noise above a threshold, blurred along its fall, once more upside down, and pale what is behind.

    `Snow` draws single flakes.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3, "snow", with the options of the paper's
        code; lengths are for pictures of 224 x 224.
    """

    mean: Param = option((0.1, 0.3), "of the noise, in parts of white", low=-1, high=1)
    deviation: Param = option(0.3, "of the noise", low=0, high=1)
    size_px: Param = option((2.0, 4.0), "of a flake, about", unit="px", low=1, high=50)
    threshold: Param = option((0.6, 0.75), "noise below this is no flake", low=0, high=2)
    reach_px: Param = option(22.0, "where the trail of a flake ends", unit="px", low=0, high=100)
    sigma_px: Param = option((4.0, 12.0), "of its fading", unit="px", low=0.1, high=50)
    deg: Param = option((-45.0, 45.0), "how far snow drifts to the left", unit="deg", low=-90, high=90)
    pale: Param = option((0.1, 0.3), "how much of the picture is whitened", low=0, high=1)
    p: float = option(0.3, "how often it snows on a picture", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw eight numbers per picture; its flakes are drawn when they are needed."""
        names = ("mean", "deviation", "size_px", "threshold", "reach_px", "sigma_px", "deg", "pale")
        drawn = {str(name): draw.value(getattr(self, name), name) for name in names}
        generator = draw.generators("flakes")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Pale the picture and add flakes."""
            import cv2

            numbers = {name: float(values[i]) for name, values in drawn.items()}
            flakes = _flakes(generator(i), *pixels.shape[:2], numbers=numbers)
            grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32)[..., None]
            pale = np.maximum(pixels, grey * np.float32(1.5) + np.float32(127.5))
            behind = pixels + np.float32(numbers["pale"]) * (pale - pixels)
            both = (flakes + flakes[::-1, ::-1])[..., None]
            return np.rint(np.clip(behind + 255 * both, 0, 255)).astype(np.uint8)

        return (Filter(op="snowfall", chosen=draw.chosen(self.p), apply=changed),)


def _flakes(
    generator: np.random.Generator, height: int, width: int, *, numbers: Mapping[str, float]
) -> Float[NDArray[np.float32], "h w"]:
    """How much light flakes add, in [0, 1]."""
    import cv2

    shape = (math.ceil(height / numbers["size_px"]), math.ceil(width / numbers["size_px"]))
    coarse = generator.standard_normal(shape, dtype=np.float32) * np.float32(numbers["deviation"])
    noise = np.asarray(cv2.resize(coarse + np.float32(numbers["mean"]), (width, height)), np.float32)
    noise = np.where(noise < numbers["threshold"], np.float32(0), np.clip(noise, 0, 1))
    # Each pixel looks up along the fall.
    angle = math.radians(numbers["deg"]) - math.pi / 2
    kernel = trail(numbers["reach_px"], numbers["sigma_px"], angle)
    return np.asarray(cv2.filter2D(noise, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)
