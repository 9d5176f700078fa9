"""`frequency-noise`: noise with a given spectrum."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.blend_masks.blend_mask import BlendMask, Weigh, Weights
from vitral.augment.blend_masks.parted import parted
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.variables import Param
from vitral.core import option

_LONGEST = 256


@dataclass(frozen=True, kw_only=True)
class FrequencyNoise(BlendMask, kind="frequency-noise"):
    """Noise whose amplitude is a power of the frequency, stretched to [0, 1].

    An exponent of -2 makes soft patches, 0 white noise, and one above 0 grain without patches. Pictures of
    more than 256 pixels a side get that of a smaller one, resized. A picture of one pixel gets 0.
    """

    exponent: Param = option((-3.0, 0.0), "of the frequency", low=-8, high=8)
    steepness: Param = option((0.0, 20.0), "how sharply patches end; 0: not at all", low=0, high=200)

    def prepared(self, draw: Draw, frame: Frame) -> Weigh:
        """Draw an exponent and a steepness per picture; the noise is drawn when it is needed."""
        exponent, steepness = draw.value(self.exponent, "exponent"), draw.value(self.steepness, "steepness")
        generator = draw.generators("noise")

        def weights(pixels: NDArray[np.uint8], i: int) -> Weights:
            """Draw noise of the picture's size, or of a smaller one."""
            import cv2

            height, width = pixels.shape[:2]
            shrink = min(1.0, _LONGEST / max(height, width))
            size = (max(1, round(height * shrink)), max(1, round(width * shrink)))
            made = _noise(generator(i), *size, float(exponent[i]))
            if size != (height, width):
                fine = cv2.resize(made, (width, height), interpolation=cv2.INTER_LINEAR)
                made = np.asarray(fine, np.float32)
            return parted(made, float(steepness[i]))[..., None]

        return weights


def _noise(
    generator: np.random.Generator, height: int, width: int, exponent: float
) -> Float[NDArray[np.float32], "h w"]:
    down, right = np.fft.fftfreq(height), np.fft.rfftfreq(width)
    frequency = np.hypot(down[:, None], right)
    frequency[0, 0] = 1.0  # the mean, which is stretched away
    spectrum = np.fft.rfft2(generator.standard_normal((height, width))) * frequency**exponent
    made = np.fft.irfft2(spectrum, s=(height, width))
    made -= made.min()
    return (made / max(float(made.max()), 1e-12)).astype(np.float32)
