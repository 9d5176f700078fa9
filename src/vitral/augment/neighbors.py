"""`softened`, `correlated`: neighbors weighed by a Gaussian or any kernel; beyond the border, reflected."""

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

_FEW = 32

Kernel = Float[NDArray[np.float32], "rows columns"]


def softened(pixels: NDArray[np.uint8], sigma: float, *, away: float = 0.0) -> NDArray[np.uint8]:
    """Weigh neighbors by a Gaussian, to three of its deviations, in whole 256ths down and finer across.

    Args:
        pixels: of a picture.
        sigma: of the Gaussian, in pixels.
        away: how much of the difference from what is softer is added to the picture, instead.
    """
    from vitral.augment.taps import blur_rows

    reach = math.ceil(3 * sigma)
    half = np.exp(-(np.arange(reach + 1) ** 2) / (2 * sigma**2))
    half /= 2 * half.sum() - half[0]
    # Rounding sums, not weights, keeps the shape; what is left goes to the middle: even surfaces stay.
    down = np.diff(np.rint(np.cumsum(half[::-1]) * 256), prepend=0.0)[::-1].astype(np.int64)
    down[0] = 256 - 2 * down[1:].sum()
    across = np.rint(half * 65536).astype(np.int64)
    across[0] = 65536 - 2 * across[1:].sum()
    across[1:] *= 2
    weights = (np.minimum(one, 65535).astype(np.uint16) for one in (down, across))
    source, made = np.ascontiguousarray(pixels).reshape(-1), np.empty(pixels.shape, np.uint8)
    blur_rows(source, *weights, away, made.reshape(len(made), -1))
    return made


def correlated(pixels: NDArray[np.uint8], kernel: Kernel) -> NDArray[np.uint8]:
    """Weigh neighbors by a kernel of odd sides, as it lies in the picture; only weights but 0 cost time.

    Few weights of an average are rounded to whole 256ths, which still add up to one.
    """
    from vitral.augment.taps import average, correlate

    rows, columns = (side // 2 for side in kernel.shape)
    places = np.argwhere(kernel)
    weights = np.asarray(kernel, np.float64)[tuple(places.T)]
    few = (
        len(places) <= _FEW
        and weights.min(initial=0.0) >= 0
        and weights.max(initial=0.0) < 255 / 256
        and abs(weights.sum() - 1) < 1e-5
    )
    rest = -len(places) % 4 if few else 0
    weights = np.concatenate([weights, np.zeros(rest)])
    made = np.empty(pixels.shape, np.uint8)
    tall, wide = pixels.shape[:2]
    (around, stride), flat = _framed(pixels, rows, columns), made.reshape(tall, 3 * wide)
    begin = np.append(places @ np.array([stride, 3]), np.zeros(rest, np.int64)).astype(np.int64)
    if few:
        # Rounding sums, not weights, leaves nothing over.
        whole = np.diff(np.rint(np.cumsum(weights) / weights.sum() * 256), prepend=0.0)
        average(around, begin, stride, whole.astype(np.uint16), flat)
    else:
        correlate(around, begin, stride, weights.astype(np.float32), flat)
    return made


def _framed(pixels: NDArray[np.uint8], rows: int, columns: int) -> tuple[NDArray[np.uint8], int]:
    """The bytes of a picture with some more pixels around it, and how many a row has."""
    import cv2

    made = cv2.copyMakeBorder(pixels, rows, rows, columns, columns, cv2.BORDER_REFLECT_101)
    return np.asarray(made, np.uint8).reshape(-1), 3 * made.shape[1]
