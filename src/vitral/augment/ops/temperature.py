"""`temperature`: warmer or colder light."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Color, Stage
from vitral.augment.variables import Numbers, Param
from vitral.core import option

_TO_SRGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])


@dataclass(frozen=True, kw_only=True)
class Temperature(Op, kind="temperature"):
    """Show pictures as if daylight had another color temperature: low is orange, high is blue.

    The light's color becomes one gain for each channel, relative to 6500 kelvin and at equal luminance.

    Source:
        CIE 15:2004, D illuminants, for the daylight locus; IEC 61966-2-1 for the primaries. Departure: gains
        of light become gains of levels by a power of 1 / 2.2, not by the exact curve.
    """

    kelvin: Param = option(
        (4500.0, 10000.0), "of the light; pairs are drawn on the logarithm", unit="K", low=4000, high=25000
    )

    zero = {"kelvin": 6500.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one temperature per picture."""
        gains = (_light(draw.factor(self.kelvin, "kelvin")) / _light(np.array([6500.0]))) ** (1 / 2.2)
        return (Color.of(gains[:, :, None] * np.eye(3, 4), op="temperature"),)


def _light(kelvin: Numbers) -> Float[NDArray[np.float64], "b c=3"]:
    """Red, green and blue of daylight of luminance 1."""
    t = 1000 / kelvin
    low = 0.244063 + 0.09911 * t + 2.9678 * t**2 - 4.6070 * t**3
    high = 0.237040 + 0.24748 * t + 1.9018 * t**2 - 2.0064 * t**3
    x = np.where(kelvin <= 7000, low, high)
    y = -3 * x**2 + 2.87 * x - 0.275
    tristimulus = np.stack([x / y, np.ones_like(x), (1 - x - y) / y], axis=1)
    # Row by row: the same bits for any number of pictures.
    return np.stack([(tristimulus * row).sum(axis=1) for row in _TO_SRGB], axis=1)
