"""`probability_png`: how likely each pixel is of a class, as a grey picture."""

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.core import DataError, ShapeError


def probability_png(probability: Float[NDArray[np.floating], "h w"], *, bits: int = 8) -> bytes:
    """Probabilities as a grey PNG, 0 black and 1 white; rounding moves them by half a level at most.

    Args:
        probability: in [0, 1].
        bits: of a pixel: 8 (steps of 0.4 %) or 16 (steps of 0.0015 %).
    Raises:
        ShapeError: it is not h x w, or has no pixels.
        DataError: a number is no probability, or the bits are not 8 or 16.
    """
    if probability.ndim != 2 or not probability.size:
        raise ShapeError(f"probability_png: must be h x w with at least one pixel, got {probability.shape}")
    if bits not in (8, 16):
        raise DataError(f"probability_png.bits: must be 8 or 16, got {bits!r}")
    low, high = float(probability.min()), float(probability.max())
    # Sums of softmax go beyond 1 by a rounding error.
    if not (low >= -1e-3 and high <= 1 + 1e-3):
        raise DataError(f"probability_png: must lie in [0, 1], got {low:g} to {high:g}")
    import cv2  # here, because it takes a third of the time to import vitral

    levels = np.rint(probability.clip(0, 1).astype(np.float64) * (2**bits - 1))
    done, written = cv2.imencode(".png", levels.astype(np.uint8 if bits == 8 else np.uint16))
    assert done
    return written.tobytes()
