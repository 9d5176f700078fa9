"""The numbers of sRGB and CIE Lab under D65, and the bend between light and lightness."""

import numpy as np

LIGHT_OF_RED_GREEN_BLUE = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
"""X, Y and Z (rows) of full red, green and blue (columns).

Source:
    IEC 61966-2-1:1999 (sRGB); the digits are those of Lindbloom, "RGB/XYZ matrices".
"""

WHITE = LIGHT_OF_RED_GREEN_BLUE.sum(axis=1)
"""X, Y and Z of white: what full red, green and blue add up to, so that grey has no color at all."""

RED_GREEN_BLUE_OF_LIGHT = np.linalg.inv(LIGHT_OF_RED_GREEN_BLUE)

KNEE = 6 / 29
"""Below this value of the lightness function it is a straight line; above, a cube root."""

SLOPE = 3 * KNEE**2
OFFSET = 4 / 29

SRGB_KNEE, LINEAR_KNEE, SRGB_SLOPE = 0.04045, 0.0031308, 12.92
SRGB_SHIFT, SRGB_POWER = 0.055, 2.4
