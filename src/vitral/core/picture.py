"""`Picture`: something to show to a person, with the words that belong to it."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vitral.core.errors import ShapeError


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """Pixels and a caption, ready for a report, a gallery or a web page.

    Args:
        pixels: uint8 sRGB, h x w x 3.
        title: one short line, for example the predicted class.
        note: a second, quieter line.
        mood: how to color the title: `good`, `bad` or `plain`.
        group: pictures of one group are shown together under this heading.
        weight: how much it deserves a look, for a mistake the confidence; any unit, larger first.
        wide: whether it fills the width of a page, as a map or a grid does.
        close: whether it holds small things, such as boxes with words, and is shown larger for them.
    Raises:
        ShapeError: the pixels are not uint8 of h x w x 3.
    """

    pixels: NDArray[np.uint8] = field(repr=False)
    title: str = ""
    note: str = ""
    mood: Literal["good", "bad", "plain"] = "plain"
    group: str = ""
    weight: float = 0.0
    wide: bool = False
    close: bool = False

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
            raise ShapeError(
                f"Picture.pixels: must be uint8 of h x w x 3, got {pixels.dtype} of "
                f"{' x '.join(str(n) for n in pixels.shape)}"
            )
