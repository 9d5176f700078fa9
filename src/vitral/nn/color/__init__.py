"""Color: CIE Lab, bins of the ab plane, distributions over them, and pictures with other colors."""

from vitral.nn.color.annealed_mean import annealed_mean, confidence
from vitral.nn.color.bin_prior import BinPrior, colored, smoothed
from vitral.nn.color.bins import BIN_SIDE, BINS, ab_bins
from vitral.nn.color.color_errors import ColorErrors
from vitral.nn.color.colorfulness import colorfulness, is_colorful
from vitral.nn.color.guided_upsampling import GuidedColors
from vitral.nn.color.lab_arrays import (
    lab_to_srgb,
    levels_to_lab,
    lightness_function,
    luminance,
    srgb_to_lab,
)
from vitral.nn.color.lab_tensors import lab_of
from vitral.nn.color.recolor import recolored
from vitral.nn.color.soft_encoding import nearest_bin, soft_encoding

__all__ = [
    "BINS",
    "BIN_SIDE",
    "BinPrior",
    "ColorErrors",
    "GuidedColors",
    "ab_bins",
    "annealed_mean",
    "colored",
    "colorfulness",
    "confidence",
    "is_colorful",
    "lab_of",
    "lab_to_srgb",
    "levels_to_lab",
    "lightness_function",
    "luminance",
    "nearest_bin",
    "recolored",
    "smoothed",
    "soft_encoding",
    "srgb_to_lab",
]
