"""`gaussian_mixture`: as many normal distributions as points are worth."""

import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

# Added to every variance: a component must not shrink to a point.
_REGULAR = 1e-3
_FEWEST_EACH = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Mixture:
    """Normal distributions with weights.

    Args:
        weights: adding up to 1, c.
        means: c x d.
        factors: lower Cholesky factors of the covariances, c x d x d.
    """

    weights: Float[NDArray[np.float64], " c"]
    means: Float[NDArray[np.float64], "c d"]
    factors: Float[NDArray[np.float64], "c d d"]


def gaussian_mixture(points: Float[NDArray[np.float64], "n d"], most: int) -> Mixture:
    """Fit mixtures of 1, 2, 4 ... components, and keep the one that BIC likes best.

    Components have a deviation on each axis, or share one covariance, or have covariances of their
    own; the number is doubled while BIC falls. The same points give the same mixture.

    Args:
        points: at least one.
        most: components at most, at least 1.
    Source:
        Schwarz 1978, doi:10.1214/aos/1176344136 (BIC); expectation maximization of scikit-learn.
    """
    if len(points) == 1:
        width = points.shape[1]
        return Mixture(weights=np.ones(1), means=points.copy(), factors=np.zeros((1, width, width)))
    from sklearn.exceptions import ConvergenceWarning  # here: sklearn takes a second to import
    from sklearn.mixture import GaussianMixture

    best, least = None, np.inf
    for kind in ("diag", "tied", "full"):
        before, count = np.inf, 1
        while count == 1 or count <= min(most, len(points) // _FEWEST_EACH):
            made = GaussianMixture(count, covariance_type=kind, reg_covar=_REGULAR, random_state=0)
            with warnings.catch_warnings():
                # What would still move a little is compared as it is.
                warnings.simplefilter("ignore", ConvergenceWarning)
                now = float(made.fit(points).bic(points))
            if best is None or now < least:
                best, least = made, now
            if now > before:
                break
            before, count = now, 2 * count
    assert best is not None
    weights, means, covariances = (np.asarray(one) for one in (best.weights_, best.means_, best.covariances_))
    if best.covariance_type == "diag":
        factors = np.stack([np.diag(np.sqrt(one)) for one in covariances])
    else:
        factors = np.linalg.cholesky(covariances)
        factors = factors[None].repeat(len(weights), 0) if factors.ndim == 2 else factors
    return Mixture(weights=weights, means=means, factors=factors)
