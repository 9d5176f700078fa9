"""Losses between scores and class numbers of pixels, one file each."""

from vitral.nn.mask_losses.boundary import Boundary
from vitral.nn.mask_losses.cross_entropy import MaskCrossEntropy
from vitral.nn.mask_losses.dice import Dice
from vitral.nn.mask_losses.focal import MaskFocal
from vitral.nn.mask_losses.lovasz import Lovasz
from vitral.nn.mask_losses.mask_loss import MASK_IGNORE, MaskLoss
from vitral.nn.mask_losses.sum_of_losses import SumOfLosses

__all__ = [
    "MASK_IGNORE",
    "Boundary",
    "Dice",
    "Lovasz",
    "MaskCrossEntropy",
    "MaskFocal",
    "MaskLoss",
    "SumOfLosses",
]
