"""Calibration: does a classifier that says 80 % come true 80 % of the time?"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vitral.core import IGNORE, ShapeError


def expected_calibration_error(
    probabilities: Float[Tensor, "b k"], labels: Int[Tensor, " b"], *, bins: int = 15
) -> float:
    """The mean gap between confidence and accuracy.

    error = sum_m |B_m| / b * |accuracy(B_m) - confidence(B_m)|, where B_m holds the pictures
    whose highest probability lies in ((m - 1) / bins, m / bins].

    Args:
        probabilities: rows that sum to 1.
        labels: class numbers; IGNORE (-100) is not counted.
        bins: number of equal intervals of confidence, at least 1.
    Returns:
        The error in [0, 1]; 0.0 when nothing is counted.
    Raises:
        ShapeError: probabilities and labels do not fit together, or there is no bin.
    Source:
        Guo et al. 2017, arXiv:1706.04599, eq. 3.
    """
    if probabilities.ndim != 2 or len(probabilities) != len(labels) or bins < 1:
        raise ShapeError(
            "expected_calibration_error: needs probabilities b x k, labels b and at least 1 bin, got "
            f"{' x '.join(map(str, probabilities.shape))}, {' x '.join(map(str, labels.shape))} and {bins}"
        )
    counted = labels != IGNORE
    if not bool(counted.any()):
        return 0.0
    confidence, answer = probabilities[counted].double().max(dim=1)
    right = (answer == labels[counted]).double()
    place = (confidence * bins).ceil().long().clamp(1, bins) - 1
    gap = torch.zeros(bins, dtype=torch.float64, device=confidence.device)
    gap.index_add_(0, place, right - confidence)
    return float(gap.abs().sum() / counted.sum())
