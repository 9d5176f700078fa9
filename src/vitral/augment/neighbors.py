"""`softened`, `correlated`: neighbors weighed by a Gaussian or any kernel; beyond the border, reflected."""

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

_FEW = 32

Kernel = Float[NDArray[np.float32], "rows columns"]


def softened(pixels: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """Weigh neighbors by a Gaussian, to three of its deviations, in whole 256ths down and finer across.

    Args:
        pixels: of a picture.
        sigma: of the Gaussian, in pixels.
    """
    from vitral.augment.taps import blur_rows

    reach = math.ceil(3 * sigma)
    half = np.exp(-(np.arange(reach + 1) ** 2) / (2 * sigma**2))
    half /= 2 * half.sum() - half[0]
    down = np.floor(np.cumsum(half[::-1]) * 256 + 0.5).astype(np.int64)
    # Whatever rounding leaves goes to the middle, so that even surfaces stay as they are.
    down = np.diff(down, prepend=0)[::-1].copy()
    down[0] = 256 - 2 * down[1:].sum()
    across = np.rint(half * 65536).astype(np.int64)
    across[0] = 65536 - 2 * across[1:].sum()
    across[1:] *= 2
    made = np.empty(pixels.shape, np.uint8)
    tall, wide = pixels.shape[:2]
    weights = (np.minimum(w, 65535).astype(np.uint16) for w in (down, across))
    blur_rows(_framed(pixels, reach, reach), *weights, made.reshape(tall, 3 * wide))
    return made


def correlated(pixels: NDArray[np.uint8], kernel: Kernel) -> NDArray[np.uint8]:
    """Weigh neighbors by a kernel of odd sides, as it lies in the picture; only weights but 0 cost time.

    Few weights of an average are rounded to whole 256ths, which still add up to one.
    """
    from vitral.augment.taps import average, correlate

    rows, columns = (side // 2 for side in kernel.shape)
    places = np.argwhere(kernel)
    weights = np.asarray(kernel, np.float64)[tuple(places.T)]
    few = len(places) <= _FEW and weights.min(initial=0) >= 0 and abs(weights.sum() - 1) < 1e-5
    rest = -len(places) % 4
    places = np.concatenate([places, np.zeros((rest, 2), np.int64)]).astype(np.int64)
    weights = np.concatenate([weights, np.zeros(rest)])
    made = np.empty(pixels.shape, np.uint8)
    tall, wide = pixels.shape[:2]
    around, flat = _framed(pixels, rows, columns), made.reshape(tall, 3 * wide)
    if few and weights.max() < 255 / 256:
        # Rounding sums, not weights, leaves nothing over.
        whole = np.diff(np.rint(np.cumsum(weights) / weights.sum() * 256), prepend=0.0)
        average(around, places, whole.astype(np.uint16), flat)
    else:
        correlate(around, places, weights.astype(np.float32), flat)
    return made


def _framed(pixels: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """Some more pixels around a picture, as h x (w * 3)."""
    import cv2

    made = cv2.copyMakeBorder(pixels, rows, rows, columns, columns, cv2.BORDER_REFLECT_101)
    return np.asarray(made, np.uint8).reshape(made.shape[0], -1)
