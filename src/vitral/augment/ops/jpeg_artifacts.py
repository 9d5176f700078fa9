"""`jpeg-artifacts`: pictures as bad JPEGs show them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Discrete, Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class JpegArtifacts(Op, kind="jpeg-artifacts"):
    """Encode some pictures as JPEG and decode them again."""

    quality: Param = option(Discrete(low=30, high=90), "of the JPEG; rounded", low=1, high=100)
    halved: bool = option(False, "color at half of the resolution, as most JPEGs have it")
    p: float = option(0.5, "how often a picture is encoded", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one quality per picture."""
        quality = np.rint(draw.value(self.quality, "quality")).astype(np.int64)

        def encoded(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Encode a picture and decode it."""
            import simplejpeg

            data = simplejpeg.encode_jpeg(
                np.ascontiguousarray(pixels),
                quality=int(quality[i]),
                colorsubsampling="420" if self.halved else "444",
            )
            return simplejpeg.decode_jpeg(data)

        chosen = draw.chosen(self.p)
        return (Filter(op="jpeg-artifacts", chosen=chosen, apply=encoded),)
