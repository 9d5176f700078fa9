"""`SumOfLosses`, several losses of a mask at once, each with a weight."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from vitral.core import OptionError, option
from vitral.nn.mask_losses.boundary import boundary_loss
from vitral.nn.mask_losses.cross_entropy import surprise
from vitral.nn.mask_losses.dice import dice_loss
from vitral.nn.mask_losses.focal import faded
from vitral.nn.mask_losses.lovasz import lovasz_loss
from vitral.nn.mask_losses.mask_loss import MaskLoss, weighted_mean


@dataclass(frozen=True, kw_only=True)
class SumOfLosses(MaskLoss, kind="sum"):
    """Several losses at once, each with a weight; what has the weight 0 costs no time.

    The parts and their options are those of the members of the same names, so that
    `--set loss.dice=1` adds one.

    Raises:
        OptionError: all weights are 0.
    """

    cross_entropy: float = option(1.0, "weight of the surprise at each pixel", low=0, high=1000)
    dice: float = option(0.0, "weight of the overlap of each class", low=0, high=1000, search=(0.0, 2.0))
    focal: float = option(0.0, "weight of the surprise at hard pixels", low=0, high=1000)
    lovasz: float = option(0.0, "weight of intersection over union", low=0, high=1000, search=(0.0, 2.0))
    boundary: float = option(0.0, "weight of leaks over edges", low=0, high=1000, search=(0.0, 2.0))
    smoothing: float = option(
        0.0, "of cross-entropy: share of the target spread over all classes", low=0, high=1
    )
    gamma: float = option(2.0, "of focal: how strongly easy pixels fade", low=0, high=5)
    smooth: float = option(1.0, "of dice: pixels added to both parts", unit="px", low=0, high=1e6)
    per_picture: bool = option(False, "of lovasz: each picture by itself")
    reach_px: float = option(
        20.0,
        "of boundary: distance beyond which an error costs no more",
        unit="px",
        low=1,
        high=10_000,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.cross_entropy or self.dice or self.focal or self.lovasz or self.boundary):
            raise OptionError("SumOfLosses: one of its weights must be above 0, got 0 for all of them")

    def _loss(
        self, log_p: Float[Tensor, "b k h w"], masks: Int[Tensor, "b h w"], weights: Float[Tensor, " k"]
    ) -> Float[Tensor, ""]:
        """Add the parts up."""
        parts: list[Tensor] = []
        if self.cross_entropy:
            nats = surprise(log_p, masks, smoothing=self.smoothing)
            parts.append(self.cross_entropy * weighted_mean(nats, masks, weights))
        if self.dice:
            parts.append(self.dice * dice_loss(log_p, masks, weights, smooth=self.smooth))
        if self.focal:
            nats = faded(surprise(log_p, masks, smoothing=0.0), self.gamma)
            parts.append(self.focal * weighted_mean(nats, masks, weights))
        if self.lovasz:
            parts.append(self.lovasz * lovasz_loss(log_p, masks, weights, per_picture=self.per_picture))
        if self.boundary:
            parts.append(self.boundary * boundary_loss(log_p, masks, weights, reach_px=self.reach_px))
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total
