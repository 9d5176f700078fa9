"""`softened`, `correlated`, `medians`: what pixels become from their neighbors."""

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

# Behind so many weights a Fourier transform is quicker.
_FEW, _MANY, _SEVEN = 16, 600, 7

Kernel = Float[NDArray[np.float32], "rows columns"]


def softened(pixels: NDArray[np.uint8], sigma: float, *, away: float = 0.0) -> NDArray[np.uint8]:
    """Weigh neighbors by a Gaussian, to three of its deviations, in whole 256ths down and finer across.

    Beyond the border pixels are reflected.

    Args:
        pixels: of a picture.
        sigma: of the Gaussian, in pixels.
        away: how much of the difference from what is softer is added to the picture, instead.
    """
    from vitral.augment.kernels.taps import blur_rows

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
    from vitral.augment.kernels.taps import average, correlate

    rows, columns = (side // 2 for side in kernel.shape)
    places = np.argwhere(kernel)
    weights = np.asarray(kernel, np.float64)[tuple(places.T)]
    if len(places) > _MANY:
        import cv2

        return np.asarray(cv2.filter2D(pixels, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.uint8)
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
        whole = np.floor(weights / weights.sum() * 256)
        # What is left over goes to those that lost most.
        lost = weights / weights.sum() * 256 - whole
        whole[np.argsort(-lost, kind="stable")[: round(256 - whole.sum())]] += 1
        average(around, begin, stride, whole.astype(np.uint16), flat)
    else:
        correlate(around, begin, stride, weights.astype(np.float32), flat)
    return made


def medians(pixels: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """The medians of squares around each pixel, in each channel; beyond the border it is as at it."""
    import cv2

    # OpenCV is quick up to 5 x 5, and from 9 x 9 on nothing is quicker.
    if reach != _SEVEN // 2:
        return np.asarray(cv2.medianBlur(pixels, 2 * reach + 1), np.uint8)
    from vitral.augment.kernels.medians import median_of_49

    made = np.empty(pixels.shape, np.uint8)
    around, stride = _framed(pixels, reach, reach, cv2.BORDER_REPLICATE)
    median_of_49(around, stride, made.reshape(len(made), -1))
    return made


def _framed(
    pixels: NDArray[np.uint8], rows: int, columns: int, border: int | None = None
) -> tuple[NDArray[np.uint8], int]:
    """The bytes of a picture with some more pixels around it, and how many a row has."""
    import cv2

    kind = cv2.BORDER_REFLECT_101 if border is None else border
    made = cv2.copyMakeBorder(pixels, rows, rows, columns, columns, kind)
    return np.asarray(made, np.uint8).reshape(-1), 3 * made.shape[1]
