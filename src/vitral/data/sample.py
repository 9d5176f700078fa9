"""`Sample`: one picture of a set with all that is known of it, whatever layout it lies in."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import IGNORE
from vitral.data.objects import Objects


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """One picture and its targets.

    Args:
        key: stable relative path with "/" separators.
        picture: the path of its file, the bytes of the file, or, when there is none, the pixels.
        label: class number, `core.IGNORE` without.
        split: "train", "val", "test" or "".
        mask: class number of each pixel, 255 where none counts; None without a mask.
        objects: boxes, their classes, perhaps points and outlines; None without.
    """

    key: str
    picture: Path | bytes | memoryview | UInt8[NDArray[np.uint8], "h w c=3"] = field(repr=False)
    label: int = IGNORE
    split: str = ""
    mask: UInt8[NDArray[np.uint8], "h w"] | None = field(default=None, repr=False)
    objects: Objects | None = None
