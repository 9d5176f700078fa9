"""`cloud-cover`: behind single clouds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.clouds import clouds
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option

_SOFT, _SHADE = 0.22, 0.25


@dataclass(frozen=True, kw_only=True)
class CloudCover(Op, kind="cloud-cover"):
    """Draw clouds over a part of a picture; between them it is clear, and they are greyer where thin.

    `Fog` covers all of a picture.
    """

    cover: Param = option((0.2, 0.7), "part of the picture that lies behind clouds", low=0, high=1)
    density: Param = option((0.6, 1.0), "weight of a cloud where it is thickest", low=0, high=1)
    size: Param = option((0.2, 0.6), "of the largest clouds, as a share of the longer side", low=0.01, high=1)
    level: Param = option((215.0, 250.0), "of thick clouds", low=0, high=255)
    p: float = option(0.3, "how often a picture is cloudy", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw four numbers per picture; its clouds are drawn when they are needed."""
        names = ("cover", "density", "size", "level")
        cover, density, size, level = (draw.value(getattr(self, name), name) for name in names)
        generator = draw.generators("clouds")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Blend with what of the noise lies above a threshold."""
            coarsest = max(1, round(1 / float(size[i])))
            thick = clouds(generator(i), *pixels.shape[:2], coarsest=coarsest, rough=0.55)
            bottom = float(np.quantile(thick, 1 - cover[i])) if cover[i] < 1 else -_SOFT
            rise = np.clip((thick - np.float32(bottom)) / np.float32(_SOFT), 0, 1)[..., None]
            weight = np.float32(density[i]) * rise * rise * (3 - 2 * rise)
            # Thick parts are white, thin ones grey.
            least = max(bottom, 0.0)
            body = np.clip((thick - np.float32(least)) / np.float32(1 - least + 1e-6), 0, 1)
            cloud = np.float32(level[i]) * (np.float32(1 - _SHADE) + np.float32(_SHADE) * body[..., None])
            return np.rint(pixels + weight * (cloud - pixels)).astype(np.uint8)

        return (Filter(op="cloud-cover", chosen=draw.chosen(self.p), apply=changed),)
