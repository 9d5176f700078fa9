"""How the weight of a blend varies over a picture."""

from vitral.augment.blend_masks.blend_mask import BlendMask
from vitral.augment.blend_masks.checkerboard import Checkerboard
from vitral.augment.blend_masks.elementwise import Elementwise
from vitral.augment.blend_masks.everywhere import Everywhere
from vitral.augment.blend_masks.frequency_noise import FrequencyNoise
from vitral.augment.blend_masks.horizontal_gradient import HorizontalGradient
from vitral.augment.blend_masks.in_boxes import InBoxes
from vitral.augment.blend_masks.regular_grid import RegularGrid
from vitral.augment.blend_masks.smooth_noise import SmoothNoise
from vitral.augment.blend_masks.some_colors import SomeColors
from vitral.augment.blend_masks.vertical_gradient import VerticalGradient

__all__ = [
    "BlendMask",
    "Checkerboard",
    "Elementwise",
    "Everywhere",
    "FrequencyNoise",
    "HorizontalGradient",
    "InBoxes",
    "RegularGrid",
    "SmoothNoise",
    "SomeColors",
    "VerticalGradient",
]
