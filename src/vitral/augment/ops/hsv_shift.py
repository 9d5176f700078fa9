"""`hsv-shift`: paler or stronger colors, lighter or darker, as HSV has it."""

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
class HsvShift(Op, kind="hsv-shift"):
    """Multiply saturation and value of the HSV model and add to them; `Hue` turns the third number.

    Sums are brought into [0, 1]. Grey stays grey: it has no hue that could be strengthened.

    Source:
        Smith 1978, "Color gamut transform pairs", the hexcone model.
    """

    times_saturation: Param = option(1.0, "what the saturation is multiplied by", low=0, high=100)
    plus_saturation: Param = option((-0.15, 0.15), "what is added to it then", low=-1, high=1)
    times_value: Param = option(1.0, "what the value is multiplied by", low=0, high=100)
    plus_value: Param = option((-0.15, 0.15), "what is added to it then", low=-1, high=1)

    zero = {"plus_saturation": 0.0, "plus_value": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw four numbers per picture."""
        names = ("times_saturation", "plus_saturation", "times_value", "plus_value")
        numbers = np.stack([draw.value(getattr(self, name), name) for name in names], axis=1)

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            from vitral.augment.kernels.hexcone import shift_hsv

            times_saturation, plus_saturation, times_value, plus_value = numbers[i].tolist()
            source, made = np.ascontiguousarray(pixels).reshape(-1), np.empty(pixels.shape, np.uint8)
            added = 255 * plus_value
            shift_hsv(source, times_saturation, plus_saturation, times_value, added, made.reshape(-1))
            return made

        same = (numbers == (1.0, 0.0, 1.0, 0.0)).all(axis=1)
        return (Filter(op="hsv-shift", chosen=~same, apply=changed),)
