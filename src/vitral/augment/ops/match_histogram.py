"""`match-histogram`: the levels of another picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import OptionError, ShapeError, option

Quantiles = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class MatchHistogram(Op, kind="match-histogram"):
    """Give the levels of each channel the distribution that those of another picture have.

    A level goes to the quantile of the other picture that lies in the middle of its own: all pixels of
    a level stay together, and a picture matched to itself does not change.

    Source:
        Gonzalez and Woods 2008, "Digital image processing", section 3.3.2.

    Raises:
        OptionError: there are not three channels of two or more levels that rise within [0, 255].
    """

    of: Quantiles = option(
        ((0.0, 255.0),) * 3, "levels at evenly spaced shares from 0 to 1, of red, green and blue"
    )
    weight: Param = option((0.3, 1.0), "of the matched picture, against the picture as it was", low=0, high=1)
    p: float = option(0.5, "how often a picture is matched", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.of) != 3 or any(len(levels) < 2 for levels in self.of):
            lengths = ", ".join(str(len(levels)) for levels in self.of) or "none"
            raise OptionError(
                f"MatchHistogram.of: must be three channels of two levels or more, got {lengths}; "
                "histogram_of(picture) makes them"
            )
        for levels in self.of:
            if not (levels[0] >= 0 and levels[-1] <= 255 and all(a <= b for a, b in pairwise(levels))):
                raise OptionError(f"MatchHistogram.of: must rise within [0, 255], got {levels}")

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one weight per picture; its curves are made when its levels are counted."""
        weight = draw.value(self.weight, "weight")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            import cv2

            before = np.arange(256)
            curves = np.stack([_curve(pixels[..., c], self.of[c]) for c in range(3)], axis=1)
            table = np.rint(before[:, None] + weight[i] * (curves - before[:, None])).astype(np.uint8)
            return np.asarray(cv2.LUT(pixels, table[None]), np.uint8)

        return (Filter(op="match-histogram", chosen=draw.chosen(self.p), apply=changed),)


def histogram_of(picture: NDArray[np.uint8], points: int = 33) -> Quantiles:
    """The levels of a picture at evenly spaced shares of its pixels, for `MatchHistogram`.

    Args:
        picture: h x w x 3.
        points: shares, from 0 to 1.
    Raises:
        ShapeError: it is not a picture of bytes.
        OptionError: there are fewer than two points.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        shape = " x ".join(map(str, picture.shape))
        raise ShapeError(f"picture: must be uint8 of h x w x 3, got {picture.dtype} of {shape}")
    if points < 2:
        raise OptionError(f"points: must be at least 2, got {points}")
    levels = np.quantile(picture.reshape(-1, 3), np.linspace(0, 1, points), axis=0).T
    return tuple(tuple(round(level, 3) for level in channel) for channel in levels.tolist())


def _curve(plane: NDArray[np.uint8], of: tuple[float, ...]) -> Float[NDArray[np.float64], "256"]:
    """The new level of each old one."""
    counts = np.bincount(plane.ravel(), minlength=256)
    middle = (np.cumsum(counts) - counts / 2) / plane.size
    return np.interp(middle, np.linspace(0, 1, len(of)), of)
