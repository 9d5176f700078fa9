"""The Bjontegaard delta: how many percent fewer bits for the same quality."""

import math
from collections.abc import Sequence

import numpy as np

from vitral.core import DataError


def bd_rate(
    anchor: Sequence[tuple[float, float]], tested: Sequence[tuple[float, float]]
) -> tuple[float, tuple[float, float]] | None:
    """Mean difference in rate at equal quality, over the qualities that both curves reach.

    The logarithm of the rate is interpolated over the quality by monotone cubic pieces (PCHIP) and
    averaged over the common interval.

    Args:
        anchor: (bits per pixel, decibels) of the method compared with, at least 2 points.
        tested: the same of the method that is judged.
    Returns:
        Percent (negative: fewer bits), and the interval in decibels; None where the curves have no
        quality in common.
    Raises:
        DataError: a curve has fewer than two points with different qualities, or a rate that is not positive.
    Source:
        Bjontegaard 2001, VCEG-M33; PCHIP as in Barman et al. 2022, arXiv:2202.12565.
    """
    from scipy.interpolate import PchipInterpolator  # half a second that only an evaluation needs

    curves = [_monotone(anchor), _monotone(tested)]
    low = max(curve[0][0] for curve in curves)
    high = min(curve[0][-1] for curve in curves)
    if not low < high:
        return None
    lines = (PchipInterpolator(quality, np.log(rate)) for quality, rate in curves)
    first, second = (line.integrate(low, high) / (high - low) for line in lines)
    return 100 * (math.exp(float(second) - float(first)) - 1), (float(low), float(high))


def _monotone(points: Sequence[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Quality and rate with both rising: points that cost more and give less are left out."""
    kept: list[tuple[float, float]] = []
    for rate, quality in sorted(points, key=lambda point: (point[0], -point[1])):
        if not (math.isfinite(rate) and math.isfinite(quality)) or rate <= 0:
            raise DataError(f"bd_rate: rates must be above 0 and finite, got {rate} at {quality} dB")
        if not kept or quality > kept[-1][1]:
            kept.append((rate, quality))
    if len(kept) < 2:
        raise DataError(f"bd_rate: a curve must have at least two points, got {len(kept)}")
    return np.array([quality for _, quality in kept]), np.array([rate for rate, _ in kept])
