"""`rain`: behind falling rain."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option

_HAZE, _BRIGHT = np.float32(130), np.float32(225)
_FULL, _FINE = 700, 4


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
            streaks = _streaks(
                generator(i),
                *pixels.shape[:2],
                amount=float(amount[i]),
                lean=float(lean[i]),
                length=float(length[i]),
            )
            haze = np.float32(0.12 * min(float(amount[i]), 1.0))
            dull = pixels + haze * (_HAZE - pixels)
            return np.rint(dull + streaks[..., None] * np.maximum(_BRIGHT - dull, 0)).astype(np.uint8)

        return (Filter(op="rain", chosen=np.asarray(draw.uniform("chosen") < self.p), apply=changed),)


def _streaks(
    generator: np.random.Generator, height: int, width: int, *, amount: float, lean: float, length: float
) -> Float[NDArray[np.float32], "h w"]:
    """How much of each pixel a streak hides, in [0, 1)."""
    import cv2

    side = min(height, width)
    count = round(_FULL * amount)
    numbers = generator.random((count, 5))
    leans = lean + 0.06 * (numbers[:, 0] - 0.5)
    long = np.maximum(length * side * (0.5 + numbers[:, 1]), 1.0)
    step = np.stack([-np.sin(leans), np.cos(leans)], axis=1) * long[:, None]
    begin = numbers[:, 2:4] * (width, height) - step / 2
    thick = max(1, side // 400)
    layer = np.zeros((height, width), np.uint8)
    places = np.rint(np.concatenate([begin, begin + step], axis=1) * 2**_FINE).astype(np.int64)
    strength = np.rint(60 + 120 * numbers[:, 4]).astype(np.int64)
    # Strong ones last: where streaks cross, the nearer one is seen.
    for number in np.argsort(strength, kind="stable"):
        x0, y0, x1, y1 = places[number].tolist()
        cv2.line(layer, (x0, y0), (x1, y1), int(strength[number]), thick, cv2.LINE_AA, _FINE)
    soft = cv2.GaussianBlur(layer, (3, 3), 0.5, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(soft, np.float32) / np.float32(256)
