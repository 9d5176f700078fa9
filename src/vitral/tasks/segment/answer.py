"""`Segmented`: the classes of the pixels of one picture."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from numpy.typing import NDArray

from vitral.core import Picture

_MOST_NAMED = 3
BACKGROUND = "background"


@dataclass(frozen=True, kw_only=True, eq=False)
class Segmented:
    """The answer for one picture.

    Args:
        mask: class number of each pixel, in the size of the picture.
        probabilities: of each class, on the grid of places where the network answered.
        confidence: probability of the class that was chosen, the mean over that grid, in [0, 1].
        classes: class names in the order of their numbers.
    """

    mask: UInt8[NDArray[np.uint8], "h w"] = field(repr=False)
    probabilities: Float[NDArray[np.float16], "k h2 w2"] = field(repr=False)
    confidence: float
    classes: tuple[str, ...]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Segmented)
            and self.classes == other.classes
            and np.array_equal(self.mask, other.mask)
            and np.array_equal(self.probabilities, other.probabilities)
        )

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def shares(self) -> dict[str, float]:
        """Share of the pixels that each class has, the largest first; classes without any are left out."""
        counts = np.bincount(self.mask.ravel(), minlength=len(self.classes))
        order = np.argsort(-counts, kind="stable")
        return {self.classes[k]: float(counts[k] / self.mask.size) for k in order if counts[k]}

    def headline(self) -> str:
        """The largest classes with their shares."""
        return ", ".join(f"{name} {share:.0%}" for name, share in list(self.shares().items())[:_MOST_NAMED])

    def detail(self) -> str:
        """How sure the answer is."""
        return f"{self.confidence:.0%} sure"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; the mask itself is written by the formats."""
        height, width = self.mask.shape
        return {"height": height, "width": width, "confidence": self.confidence, "shares": self.shares()}

    def drawn(self, pixels: NDArray[np.uint8], name: str) -> Picture:
        """The mask over its picture, with the names of its classes."""
        return Picture(
            pixels=painted(pixels, self.mask, self.classes), title=self.headline(), note=name, close=True
        )


def painted(
    pixels: UInt8[NDArray[np.uint8], "h w c=3"],
    mask: UInt8[NDArray[np.uint8], "h w"],
    classes: tuple[str, ...],
) -> UInt8[NDArray[np.uint8], "h2 w2 c=3"]:
    """A mask over its picture, with the names of its classes below.

    Args:
        pixels: the picture.
        mask: class numbers, 255 where none counts.
        classes: class names; a first one named `background` is left clear.
    """
    # Here, because `import vitral` draws nothing.
    from vitral.report.class_colors import class_colors
    from vitral.report.mask_overlay import mask_overlay, with_legend

    background = has_background(classes)
    present = [k for k in np.unique(mask).tolist() if k < len(classes) and not (background and k == 0)]
    colors = class_colors(background=background)
    over = mask_overlay(pixels, mask, background=background)
    return with_legend(over, [classes[k] for k in present], colors[present])


def has_background(classes: tuple[str, ...]) -> bool:
    """Whether the first class is what lies around the others."""
    return bool(classes) and classes[0].lower() == BACKGROUND
