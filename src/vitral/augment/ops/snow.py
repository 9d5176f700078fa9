"""`snow`: behind falling snow."""

import math
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

_FULL, _FINE = 500, 4


@dataclass(frozen=True, kw_only=True)
class Snow(Op, kind="snow"):
    """Draw falling flakes, small ones far away and large ones near; what is behind gets paler.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3, for the paler picture. Departure:
        flakes are disks blurred along their fall, not noise above a threshold.
    """

    amount: Param = option((0.2, 1.0), "flakes: 1 is a snowstorm", low=0, high=3)
    deg: Param = option(
        (-40.0, 40.0), "how far the flakes drift to the left as they fall", unit="deg", low=-80, high=80
    )
    p: float = option(0.3, "how often it snows on a picture", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one snowfall per picture; its flakes are drawn when they are needed."""
        amount, drift = draw.value(self.amount, "amount"), np.deg2rad(draw.value(self.deg, "deg"))
        generator = draw.generators("flakes")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            flakes = _flakes(generator(i), *pixels.shape[:2], amount=float(amount[i]), drift=float(drift[i]))
            # What is dark is whitened most, and by its lightness alone.
            grey = pixels.mean(axis=2, dtype=np.float32, keepdims=True)
            pale = np.maximum(pixels, np.minimum(grey * np.float32(1.5) + np.float32(64), np.float32(255)))
            weight = np.float32(0.35 * min(float(amount[i]), 1.0))
            behind = pixels + weight * (pale - pixels)
            return np.rint(behind + flakes[..., None] * (255 - behind)).astype(np.uint8)

        return (Filter(op="snow", chosen=draw.chosen(self.p), apply=changed),)


def _flakes(
    generator: np.random.Generator, height: int, width: int, *, amount: float, drift: float
) -> Float[NDArray[np.float32], "h w"]:
    """How much of each pixel flakes hide, in [0, 1]."""
    import cv2

    side = min(height, width)
    hidden = np.zeros((height, width), np.float32)
    # Radius, as a share of the side; how many; how far a flake falls while the shutter is open.
    for radius, share, fall in ((0.003, 0.75, 0.010), (0.007, 0.22, 0.022), (0.015, 0.03, 0.045)):
        count = round(_FULL * amount * share)
        numbers = generator.random((count, 4))
        layer = np.zeros((height, width), np.uint8)
        places = np.rint(numbers[:, :2] * (width, height) * 2**_FINE).astype(np.int64)
        sizes = np.rint(np.maximum(radius * side * (0.6 + 0.8 * numbers[:, 2]), 0.5) * 2**_FINE)
        light = np.rint(150 + 105 * numbers[:, 3])
        for (x, y), size, level in zip(places.tolist(), sizes.tolist(), light.tolist(), strict=True):
            cv2.circle(layer, (x, y), int(size), int(level), cv2.FILLED, cv2.LINE_AA, _FINE)
        kernel = _fall(max(fall * side, 1.0), drift)
        soft = cv2.filter2D(layer, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT_101)
        hidden = np.maximum(hidden, np.asarray(soft, np.float32) / 255)
    return np.minimum(hidden, 1)


def _fall(length: float, drift: float) -> Float[NDArray[np.float32], "side side"]:
    """The weights along a flake's fall."""
    import cv2

    reach = math.ceil(length / 2) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.uint8)
    x, y = -math.sin(drift) * (length - 1) / 2, math.cos(drift) * (length - 1) / 2
    ends = np.rint(np.array([[-x, -y], [x, y]]) * 2**_FINE + reach * 2**_FINE).astype(np.int64).tolist()
    cv2.line(kernel, ends[0], ends[1], 255, 1, cv2.LINE_AA, _FINE)
    return (kernel / kernel.sum(dtype=np.float64)).astype(np.float32)
