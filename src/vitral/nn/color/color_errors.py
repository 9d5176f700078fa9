"""`ColorErrors`: how far colors are from the right ones, counted over any number of pictures."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.nn.color.bin_prior import smoothed
from vitral.nn.color.bins import BINS
from vitral.nn.color.soft_encoding import nearest_bin

THRESHOLDS = 151
"""0, 1, ... 150 units of ab."""

_COUNT, _DISTANCE, _UNDER = range(3)


@dataclass(kw_only=True)
class ColorErrors:
    """Sums of errors for each bin of the right color: 261 x 3 numbers, however many pictures.

    The curve is the share of pixels whose distance in ab is at most a threshold, for the
    thresholds 0 to 150; the area under it, as a share, is `auc`. Rebalanced, a pixel counts by
    how rare its right color is among all pixels judged, smoothed over neighboring colors.

    Source:
        Zhang, Isola, Efros 2016, arXiv:1603.08511, section 3.1. Departure: rarity is that in the
        pictures judged and not in ImageNet, so that it says the same of every model.
    """

    _sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros((BINS, 3)))

    def update(
        self, made: Float[NDArray[np.floating], "*n ab=2"], right: Float[NDArray[np.floating], "*n ab=2"]
    ) -> None:
        """Count some pixels: a and b that were made, and the right ones."""
        distance = np.sqrt(np.square(made - right).sum(-1)).reshape(-1)
        number = nearest_bin(right).reshape(-1)
        under = np.maximum(THRESHOLDS - np.ceil(distance), 0) / THRESHOLDS
        for column, values in ((_COUNT, None), (_DISTANCE, distance), (_UNDER, under)):
            self._sums[:, column] += np.bincount(number, values, minlength=BINS)

    def result(self) -> dict[str, float]:
        """`auc`, `auc_rebalanced` (shares), `delta_e_ab` and `delta_e_rebalanced` (units of ab)."""
        counts = self._sums[:, _COUNT]
        rarity = np.zeros(BINS)
        seen = counts > 0
        if seen.any():
            rarity[seen] = 1 / smoothed(counts / counts.sum())[seen]
        found: dict[str, float] = {}
        for ending, weight in (("", np.ones(BINS)), ("_rebalanced", rarity)):
            weighed = max(float((weight * counts).sum()), 1e-12)
            found["auc" + ending] = float((weight * self._sums[:, _UNDER]).sum() / weighed)
            error = "delta_e_ab" if not ending else "delta_e_rebalanced"
            found[error] = float((weight * self._sums[:, _DISTANCE]).sum() / weighed)
        return found
