"""`frost`: behind a frozen window."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.clouds import clouds
from vitral.augment.ops.crystals import ice_light
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Frost(Op, kind="frost"):
    """Draw ice crystals over a picture, as they grow on a window from its sides inward.

    Where there is ice, `keep` of the picture is seen and `ice` of the light of the crystals is added.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3, "frost". Departure: the crystals are
        drawn, stems with branches with twigs, and are no photographs.
    """

    keep: Param = option((0.6, 1.0), "share of the picture that is seen through ice", low=0, high=1)
    ice: Param = option((0.4, 0.75), "share of the light of the crystals that is added", low=0, high=1)
    cover: Param = option((0.5, 1.0), "how far ice reaches: 0 nowhere, 1 to the middle", low=0, high=1)
    p: float = option(0.3, "how often there is frost on a picture", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw three numbers per picture; its crystals are drawn when they are needed."""
        names = ("keep", "ice", "cover")
        keep, ice, cover = (draw.value(getattr(self, name), name) for name in names)
        generator = draw.generators("crystals")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            numbers, size = generator(i), pixels.shape[:2]
            thick = _thickness(numbers, *size, cover=float(cover[i]))[..., None]
            light = ice_light(numbers, *size)
            seen = 1 - np.float32(1 - keep[i]) * thick
            return np.rint(np.clip(seen * pixels + np.float32(ice[i]) * thick * light, 0, 255)).astype(
                np.uint8
            )

        return (Filter(op="frost", chosen=draw.chosen(self.p), apply=changed),)


def _thickness(
    generator: np.random.Generator, height: int, width: int, *, cover: float
) -> Float[NDArray[np.float32], "h w"]:
    """Where there is ice, in [0, 1]."""
    y = 1 - np.abs((np.arange(height) + 0.5) / height * 2 - 1)
    x = 1 - np.abs((np.arange(width) + 0.5) / width * 2 - 1)
    inward = np.minimum(y[:, None], x).astype(np.float32)
    uneven = clouds(generator, height, width, coarsest=3, octaves=5) - np.float32(0.5)
    reach = np.float32(2.2 * cover - 0.6)
    return np.clip((reach - inward - np.float32(0.8) * uneven) / np.float32(0.35), 0, 1).astype(np.float32)
