"""`Boundary`, how far a mask leaks over the edges of what it should cover."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from vitral.core import option
from vitral.nn.mask_losses.mask_loss import MASK_IGNORE, MaskLoss, one_hot, weighted_mean


@dataclass(frozen=True, kw_only=True)
class Boundary(MaskLoss, kind="boundary"):
    """Probability in wrong places, weighed by the distance to the right edge.

    loss = sum_j |phi_j| |p_j - t_j|, phi_j the distance to the edge of class j, at most `reach` and in
    units of it; averaged over counted pixels, each with the weight of its right class. The further a
    mask leaks, the more it costs, so that it is meant to stand beside a loss of areas.

    Source:
        Kervadec et al. 2019, arXiv:1812.07032, eq. 2 to 5. Departures: the constant that makes a
        perfect answer 0 is kept (eq. 2, the distance between the edges); distances are limited, so
        that a class far away is not all that counts, and a class that is not in the picture is at
        that limit; all classes.
    """

    reach_px: float = option(
        20.0, "distance from an edge beyond which an error costs no more", unit="px", low=1, high=10_000
    )

    def _loss(
        self, log_p: Float[Tensor, "b k h w"], masks: Int[Tensor, "b h w"], weights: Float[Tensor, " k"]
    ) -> Float[Tensor, ""]:
        return boundary_loss(log_p, masks, weights, reach_px=self.reach_px)


def boundary_loss(
    log_p: Float[Tensor, "b k h w"],
    masks: Int[Tensor, "b h w"],
    weights: Float[Tensor, " k"],
    *,
    reach_px: float,
) -> Float[Tensor, ""]:
    """The loss of `Boundary`."""
    # OpenCV measures distances on the processor; from an accelerator the masks make the way.
    found = [edge_distances(one, log_p.shape[1], reach_px) for one in masks.cpu().numpy().astype(np.uint8)]
    distances = np.stack(found) if found else np.zeros(log_p.shape, np.float32)
    cost = torch.from_numpy(distances).to(log_p) / reach_px
    wrong = (log_p.exp() - one_hot(log_p, masks)).abs()
    return weighted_mean((cost * wrong).sum(1), masks, weights)


def edge_distances(
    mask: Int[NDArray[np.uint8], "h w"], classes: int, reach_px: float
) -> Float[NDArray[np.float32], "k h w"]:
    """How far each pixel is from the edge of each class, from inside and from outside.

    Args:
        mask: class numbers; 255 belongs to no class, and bounds none.
        classes: how many there are.
        reach_px: the largest distance; that of a class that is not there, or that is everywhere.
    """
    import cv2  # here, because it takes a third of the time to import vitral

    far = np.full((classes, *mask.shape), reach_px, dtype=np.float32)
    if not mask.size:
        return far
    present = np.flatnonzero(np.bincount(mask.ravel(), minlength=256)[:classes])
    for number in present.tolist():
        own = mask == number
        distance = cv2.distanceTransform((~own).view(np.uint8), cv2.DIST_L2, 5)
        if len(present) > 1:
            inside = (own | (mask == MASK_IGNORE)).view(np.uint8)
            distance = np.where(own, cv2.distanceTransform(inside, cv2.DIST_L2, 5), distance)
        else:
            distance = np.where(own, np.float32(reach_px), distance)
        far[number] = np.minimum(distance, reach_px)
    return far
