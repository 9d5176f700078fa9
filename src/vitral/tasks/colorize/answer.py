"""`Colorized`: a picture in color."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import Picture
from vitral.data import shrunk
from vitral.nn.color import colorfulness
from vitral.tasks.colorize.tints import grey_of

_SHOWN_SIDE_PX = 512
_GAP_PX = 4

Pixels = UInt8[NDArray[np.uint8], "h w c=3"]


@dataclass(frozen=True, kw_only=True)
class Colorized:
    """The answer for one picture.

    Args:
        pixels: in color, uint8 sRGB, as large as the picture.
        others: further proposals, most different first.
        sure: how sure each place is, uint8, a quarter of the size of the one pass; None after
            a regression, which does not know.
        confidence: mean of that, in [0, 1]; None after a regression.
        colorfulness: of `pixels`, after Hasler and Suesstrunk.
    """

    pixels: Pixels = field(repr=False, compare=False)
    others: tuple[Pixels, ...] = field(default=(), repr=False, compare=False)
    sure: UInt8[NDArray[np.uint8], "h w"] | None = field(default=None, repr=False, compare=False)
    confidence: float | None
    colorfulness: float

    def headline(self) -> str:
        """How colorful it became."""
        words = ((15, "hardly colored"), (33, "softly colored"), (60, "colored"))
        return next((name for most, name in words if self.colorfulness < most), "vividly colored")

    def detail(self) -> str:
        """Colorfulness, and how sure the model is."""
        sure = "" if self.confidence is None else f", {self.confidence:.0%} sure"
        return f"colorfulness {self.colorfulness:.0f}{sure}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        height, width = self.pixels.shape[:2]
        return {
            "width": width,
            "height": height,
            "confidence": self.confidence,
            "colorfulness": self.colorfulness,
            "proposals": 1 + len(self.others),
        }

    def drawn(self, pixels: Pixels, name: str) -> Picture:
        """Before and after, side by side."""
        return Picture(pixels=self.strip(pixels), title=self.headline(), note=name, close=True)

    def strip(self, pixels: Pixels, *, side_px: int = _SHOWN_SIDE_PX) -> Pixels:
        """The grey picture and every proposal side by side, shrunk to a short side."""
        small = [grey_of(shrunk(pixels, side_px))]
        small += [shrunk(one, side_px) for one in (self.pixels, *self.others)]
        gap = np.full((small[0].shape[0], _GAP_PX, 3), 255, np.uint8)
        parts = [part for one in small for part in (one, gap)][:-1]
        return np.concatenate(parts, axis=1)

    @classmethod
    def of(cls, made: list[Pixels], confidence: NDArray[np.float32] | None) -> "Colorized":
        """Measure what was made.

        Args:
            made: the answer and the other proposals.
            confidence: of each place, in [0, 1].
        """
        return cls(
            pixels=made[0],
            others=tuple(made[1:]),
            sure=None if confidence is None else np.rint(confidence * 255).astype(np.uint8),
            # Rounded to what they are worth, so that sums in another order give the same answer.
            confidence=None if confidence is None else round(float(confidence.mean()), 3),
            colorfulness=round(colorfulness(made[0]), 2),
        )
