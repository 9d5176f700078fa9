"""`webp-artifacts`: pictures as bad WebPs show them."""

import io
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

_LARGEST_PX = 16383


@dataclass(frozen=True, kw_only=True)
class WebpArtifacts(Op, kind="webp-artifacts"):
    """Encode some pictures as WebP and decode them again.

    The format holds at most 16383 pixels a side; larger pictures stay as they are.
    """

    quality: Param = option(Discrete(low=10, high=80), "of the WebP; rounded", low=0, high=100)
    p: float = option(0.5, "how often a picture is encoded", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one quality per picture."""
        quality = np.rint(draw.value(self.quality, "quality")).astype(np.int64)

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            from PIL import Image

            if max(pixels.shape[:2]) > _LARGEST_PX:
                return pixels
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "WEBP", quality=int(quality[i]), method=2)
            return np.array(Image.open(file).convert("RGB"))

        return (Filter(op="webp-artifacts", chosen=draw.chosen(self.p), apply=changed),)
