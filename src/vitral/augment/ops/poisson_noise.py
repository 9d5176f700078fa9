"""`poisson-noise`: the noise of few photons."""

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
class PoissonNoise(Op, kind="poisson-noise"):
    """Count photons: each level becomes a Poisson number of the mean that it stands for.

    Means above 1000 are counted by normal numbers with the second term of Cornish and Fisher, all others
    exactly.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3, "shot noise".
    """

    photons: Param = option(
        (30.0, 300.0), "that make white; pairs are drawn on the logarithm", low=1, high=1_000_000
    )
    grey: bool = option(False, "the same deviation from the mean in all channels, that of their average")
    p: float = option(0.5, "how often a picture is noisy", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one number of photons per picture; they are counted when they are needed."""
        photons, keys = draw.factor(self.photons, "photons"), draw.keys("noise")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            from vitral.augment.kernels.photons import count_photons

            source, made = np.ascontiguousarray(pixels).reshape(-1), np.empty(pixels.shape, np.uint8)
            count_photons(source, *keys[i], float(photons[i]) / 255, self.grey, made.reshape(-1))
            return made

        return (Filter(op="poisson-noise", chosen=draw.chosen(self.p), apply=changed),)
