"""`rain`: behind falling rain."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option

_HAZE, _BRIGHT, _FULL, _WIDE, _SIDE = 130.0, 225.0, 700, 1.4, 400


@dataclass(frozen=True, kw_only=True)
class Rain(Op, kind="rain"):
    """Draw bright streaks that fall almost in parallel, before a picture that is duller than it was.

    Lengths and widths are relative to the picture's shorter side.
    """

    amount: Param = option((0.2, 1.0), "streaks: 1 is a downpour", low=0, high=3)
    deg: Param = option(
        (-20.0, 20.0), "how far the streaks lean to the left at their lower end", unit="deg", low=-80, high=80
    )
    length: Param = option((0.06, 0.15), "of the streaks, as a share of the shorter side", low=0.01, high=1)
    p: float = option(0.3, "how often it rains on a picture", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one rain per picture; its streaks are drawn when they are needed."""
        amount, lean = draw.value(self.amount, "amount"), np.deg2rad(draw.value(self.deg, "deg"))
        length, generator = draw.value(self.length, "length"), draw.generators("streaks")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Make a picture duller and draw its streaks."""
            from vitral.augment.kernels.lights import before_rain

            streaks = _streaks(
                generator(i),
                *pixels.shape[:2],
                amount=float(amount[i]),
                lean=float(lean[i]),
                length=float(length[i]),
            )
            haze = 0.12 * min(float(amount[i]), 1.0)
            source, made = np.ascontiguousarray(pixels).reshape(-1), np.empty(pixels.shape, np.uint8)
            before_rain(source, streaks.reshape(-1), haze, _HAZE, _BRIGHT, made.reshape(-1))
            return made

        return (Filter(op="rain", chosen=draw.chosen(self.p), apply=changed),)


def _streaks(
    generator: np.random.Generator, height: int, width: int, *, amount: float, lean: float, length: float
) -> UInt8[NDArray[np.uint8], "h w"]:
    """How much of each pixel a streak hides, in 256ths."""
    import cv2

    from vitral.augment.kernels.lights import draw_streaks

    side = min(height, width)
    # In small pictures streaks are as wide as a pixel, and as many would be a veil.
    small = min(1.0, side / _SIDE)
    count = round(_FULL * amount * small**0.6)
    numbers = generator.random((count, 5))
    leans = lean + 0.06 * (numbers[:, 0] - 0.5)
    long = np.maximum(length * side * (0.5 + numbers[:, 1]), 1.0)
    step = np.stack([-np.sin(leans), np.cos(leans)], axis=1) * long[:, None]
    begin = numbers[:, 2:4] * (width, height) - step / 2
    layer = np.zeros((height, width), np.uint8)
    ends, strength = np.concatenate([begin, begin + step], axis=1), np.rint(60 + 120 * numbers[:, 4])
    draw_streaks(ends, strength, max(1.0, _WIDE * small**0.5) * max(1.0, side / _SIDE), layer)
    return np.asarray(cv2.GaussianBlur(layer, (3, 3), 0.5, borderType=cv2.BORDER_REFLECT_101), np.uint8)
