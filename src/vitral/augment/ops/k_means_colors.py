"""`k-means-colors`: few colors, those of the picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Discrete, Param
from vitral.core import option

_LOOKED_AT, _ROUNDS = 4096, 8


@dataclass(frozen=True, kw_only=True)
class KMeansColors(Op, kind="k-means-colors"):
    """Replace each color by the nearest of a few that k-means finds in the picture.

    Source:
        Lloyd 1982, "Least squares quantization in PCM"; Arthur and Vassilvitskii 2007, "k-means++", for
        where it begins. Departure: of large pictures 4096 pixels are looked at.
    """

    count: Param = option(Discrete(low=4, high=16), "colors; rounded", low=1, high=64)
    p: float = option(0.5, "how often a picture has few colors", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one number of colors per picture."""
        count, generator = np.rint(draw.value(self.count, "count")).astype(np.int64), draw.generators("begin")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Find colors and replace each pixel's by the nearest."""
            from scipy.cluster.vq import vq

            colors = pixels.reshape(-1, 3).astype(np.float32)
            numbers = generator(i)
            some = (
                colors if len(colors) <= _LOOKED_AT else colors[numbers.integers(0, len(colors), _LOOKED_AT)]
            )
            centers = _begin(some, int(count[i]), numbers)
            for _ in range(_ROUNDS):
                nearest, _ = vq(some, centers)
                size = np.bincount(nearest, minlength=len(centers))
                for c in range(3):
                    total = np.bincount(nearest, some[:, c], minlength=len(centers))
                    centers[:, c] = np.where(size > 0, total / np.maximum(size, 1), centers[:, c])
            return np.rint(centers).astype(np.uint8)[vq(colors, centers)[0]].reshape(pixels.shape)

        return (Filter(op="k-means-colors", chosen=draw.chosen(self.p), apply=changed),)


def _begin(
    colors: Float[NDArray[np.float32], "n c=3"], count: int, generator: np.random.Generator
) -> Float[NDArray[np.float32], "k c=3"]:
    """Colors of the picture, each likelier the farther it lies from those before it."""
    centers = [colors[generator.integers(0, len(colors))]]
    far = np.full(len(colors), np.inf)
    for lot in generator.random(count - 1):
        far = np.minimum(far, ((colors - centers[-1]) ** 2).sum(axis=1))
        reached = np.cumsum(far)
        if reached[-1] == 0:
            break
        place = np.searchsorted(reached, lot * reached[-1], side="right")
        centers.append(colors[min(int(place), len(colors) - 1)])
    return np.stack(centers)
