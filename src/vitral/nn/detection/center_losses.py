"""What heat maps and boxes of centers cost."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def heat_loss(
    logits: Float[Tensor, "b k h w"],
    heat: Float[Tensor, "b k h w"],
    weight: Float[Tensor, "b k h w"],
    *,
    alpha: float = 2.0,
    beta: float = 4.0,
) -> Float[Tensor, ""]:
    """Focal loss of heat maps, in which places near a center cost less than others.

    At centers -(1 - p)^alpha log p, elsewhere -(1 - heat)^beta p^alpha log(1 - p).

    Args:
        logits: before sigmoid.
        heat: 1 at centers, below elsewhere.
        weight: 0 where a place that is no center costs nothing, else 1.
        alpha: how strongly places fade that are well known, at least 0.
        beta: how strongly places near a center fade, at least 0.
    Returns:
        Nats per center; without any, the sum over all places.
    Source:
        Zhou, Wang, Kraehenbuehl 2019, arXiv:1904.07850, eq. 1.
    """
    at_center = heat >= 1
    logits = logits.float()
    p, rest = torch.sigmoid(logits), torch.sigmoid(-logits)
    hit = -(rest**alpha) * functional.logsigmoid(logits)
    miss = -((1 - heat) ** beta) * weight * p**alpha * functional.logsigmoid(-logits)
    return torch.where(at_center, hit, miss).sum() / at_center.sum().clamp(min=1)


def generalized_iou(
    boxes: Float[Tensor, "n xyxy=4"], others: Float[Tensor, "n xyxy=4"]
) -> Float[Tensor, " n"]:
    """Intersection over union, less the share of the hull that neither box covers.

    Unlike the plain one it has a slope where two boxes do not meet.

    Args:
        boxes: x0 y0 x1 y1 with x0 <= x1 and y0 <= y1.
        others: the same, box by box.
    Returns:
        Values in [-1, 1]; 1 for equal boxes.
    Source:
        Rezatofighi et al. 2019, arXiv:1902.09630, algorithm 1.
    """
    sides, others_sides = boxes[:, 2:] - boxes[:, :2], others[:, 2:] - others[:, :2]
    inner = torch.minimum(boxes[:, 2:], others[:, 2:]) - torch.maximum(boxes[:, :2], others[:, :2])
    outer = torch.maximum(boxes[:, 2:], others[:, 2:]) - torch.minimum(boxes[:, :2], others[:, :2])
    both, hull = inner.clamp(min=0).prod(1), outer.prod(1).clamp(min=1e-6)
    either = (sides.prod(1) + others_sides.prod(1) - both).clamp(min=1e-6)
    return both / either - (hull - either) / hull
