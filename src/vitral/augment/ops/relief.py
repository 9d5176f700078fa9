"""`relief`: grey stone, carved."""

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
class Relief(Op, kind="relief"):
    """Blend pictures with a relief on grey, that of Pillow's `ImageFilter.EMBOSS`.

    `Emboss` keeps the picture and adds the slopes.
    """

    share: Param = option((0.3, 1.0), "weight of the relief", low=0, high=1)
    p: float = option(0.5, "how often a picture is blended", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one weight per picture."""
        share = draw.value(self.share, "share")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            from PIL import Image, ImageFilter

            relief = np.asarray(Image.fromarray(pixels).filter(ImageFilter.EMBOSS), np.float32)
            return np.rint(pixels + np.float32(share[i]) * (relief - pixels)).astype(np.uint8)

        return (Filter(op="relief", chosen=draw.chosen(self.p), apply=changed),)
