"""`spatter`: drops on the lens."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.clouds import clouds
from vitral.augment.ops.grain import NORMAL, Key, numbers
from vitral.augment.ops.neighbors import softened
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option

_MUD, _WATER = np.array([63, 42, 20], np.float32), np.array([215, 228, 232], np.float32)
_DROP = 0.016


@dataclass(frozen=True, kw_only=True)
class Spatter(Op, kind="spatter"):
    """Splash water or mud on the lens.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, extra corruptions, for the threshold of blurred
        noise and the color of mud. Departure: water shows the blurred picture, with a light and a dark side.
    """

    share: Param = option((0.05, 0.3), "of the picture that is hit", low=0, high=1)
    of: str = option("water", "what is splashed", choices=("water", "mud"))
    p: float = option(0.3, "how often a picture is spattered", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one share per picture; where drops hit is drawn when it is needed."""
        share, generator = draw.value(self.share, "share"), draw.generators("drops")
        keys = draw.keys("drop-noise")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            height, width = pixels.shape[:2]
            depth = _drops(generator(i), keys[i], height, width, float(share[i]))
            if self.of == "mud":
                covered = np.minimum(depth / np.float32(0.25), 1)[..., None]
                wet = _MUD * (np.float32(0.8) + np.float32(0.4) * depth[..., None])
                return np.rint(pixels + np.float32(0.95) * covered * (wet - pixels)).astype(np.uint8)
            return _through_water(pixels, depth)

        return (Filter(op="spatter", chosen=draw.chosen(self.p), apply=changed),)


def _drops(
    generator: np.random.Generator, key: Key, height: int, width: int, share: float
) -> Float[NDArray[np.float32], "h w"]:
    """How deep the liquid is: 0 outside, 1 at the deepest place."""
    import cv2

    sigma = max(_DROP * min(height, width), 0.5)
    noise = numbers(key, NORMAL, height, width)
    drops = cv2.GaussianBlur(noise, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    # Drops come in splashes, not evenly.
    uneven = clouds(generator, height, width, coarsest=3, octaves=2)
    level = np.asarray(drops, np.float32) / max(float(np.std(drops)), 1e-6) + 2 * uneven
    depth = np.maximum(level - np.quantile(level, 1 - share), 0).astype(np.float32)
    return depth / max(float(depth.max()), 1e-6)


def _through_water(pixels: NDArray[np.uint8], depth: Float[NDArray[np.float32], "h w"]) -> NDArray[np.uint8]:
    """The softer picture in drops, with a light and a dark side."""
    import cv2

    from vitral.augment.kernels.lights import through_water

    sigma = max(_DROP * min(pixels.shape[:2]), 0.5)
    soft, made = softened(pixels, sigma), np.empty(pixels.shape, np.uint8)
    x, y = (
        np.asarray(cv2.Sobel(depth, cv2.CV_32F, *axes, scale=sigma / 8, borderType=cv2.BORDER_REFLECT_101))
        for axes in ((1, 0), (0, 1))
    )
    # The light comes from above, at the left.
    shine = np.clip((x + y) * np.float32(180), -60, 110).reshape(-1)
    source = np.ascontiguousarray(pixels).reshape(-1)
    through_water(source, soft.reshape(-1), depth.reshape(-1), shine, _WATER, made.reshape(-1))
    return made
