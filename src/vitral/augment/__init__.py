"""Augmentation: random changes of the training pictures, planned first and done in one pass."""

from vitral.augment.augmentation import Augmentation
from vitral.augment.brightness import Brightness
from vitral.augment.contrast import Contrast
from vitral.augment.cutmix import CutMix
from vitral.augment.flip import Flip
from vitral.augment.mixup import MixUp
from vitral.augment.op import Op
from vitral.augment.plan import Plan
from vitral.augment.random_resized_crop import RandomResizedCrop
from vitral.augment.shift import Shift

__all__ = [
    "Augmentation",
    "Brightness",
    "Contrast",
    "CutMix",
    "Flip",
    "MixUp",
    "Op",
    "Plan",
    "RandomResizedCrop",
    "Shift",
]
