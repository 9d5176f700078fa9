"""Augmentation: random changes of the training pictures, planned first and done in one pass."""

from typing import TYPE_CHECKING

from vitral.augment.augmentation import Augmentation
from vitral.augment.auto_augment import AutoAugment
from vitral.augment.brightness import Brightness
from vitral.augment.contrast import Contrast
from vitral.augment.cutmix import CutMix
from vitral.augment.flip import Flip
from vitral.augment.late import late_name as __getattr__  # noqa: F401
from vitral.augment.mixup import MixUp
from vitral.augment.op import Op
from vitral.augment.plan import Plan
from vitral.augment.random_resized_crop import RandomResizedCrop
from vitral.augment.shift import Shift
from vitral.augment.variables import Choice, Constant, Discrete, Normal, Truncated, Uniform, Variable

if TYPE_CHECKING:
    from vitral.augment.auto_contrast import AutoContrast
    from vitral.augment.bilateral_blur import BilateralBlur
    from vitral.augment.box_blur import BoxBlur
    from vitral.augment.center_crop import CenterCrop
    from vitral.augment.channel_drop import ChannelDrop
    from vitral.augment.channel_shuffle import ChannelShuffle
    from vitral.augment.clahe import Clahe
    from vitral.augment.coarse_dropout import CoarseDropout
    from vitral.augment.defocus import Defocus
    from vitral.augment.downscale import Downscale
    from vitral.augment.edges import Edges
    from vitral.augment.emboss import Emboss
    from vitral.augment.equalize import Equalize
    from vitral.augment.flip_vertical import FlipVertical
    from vitral.augment.fog import Fog
    from vitral.augment.gamma import Gamma
    from vitral.augment.gaussian_blur import GaussianBlur
    from vitral.augment.gaussian_noise import GaussianNoise
    from vitral.augment.glass_blur import GlassBlur
    from vitral.augment.grayscale import Grayscale
    from vitral.augment.grid_mask import GridMask
    from vitral.augment.hue import Hue
    from vitral.augment.invert import Invert
    from vitral.augment.iso_noise import IsoNoise
    from vitral.augment.jpeg_artifacts import JpegArtifacts
    from vitral.augment.k_means_colors import KMeansColors
    from vitral.augment.laplace_noise import LaplaceNoise
    from vitral.augment.lighting import Lighting
    from vitral.augment.median_blur import MedianBlur
    from vitral.augment.motion_blur import MotionBlur
    from vitral.augment.one_of import OneOf
    from vitral.augment.perspective import Perspective
    from vitral.augment.pixel_dropout import PixelDropout
    from vitral.augment.poisson_noise import PoissonNoise
    from vitral.augment.pooling import Pooling
    from vitral.augment.posterize import Posterize
    from vitral.augment.presets import PRESETS, preset
    from vitral.augment.quantize_colors import QuantizeColors
    from vitral.augment.quarter_turn import QuarterTurn
    from vitral.augment.rain import Rain
    from vitral.augment.rand_augment import RandAugment
    from vitral.augment.random_crop import RandomCrop
    from vitral.augment.random_erasing import RandomErasing
    from vitral.augment.rotate import Rotate
    from vitral.augment.salt_and_pepper import SaltAndPepper
    from vitral.augment.saturation import Saturation
    from vitral.augment.scale import Scale
    from vitral.augment.sepia import Sepia
    from vitral.augment.sequence import Sequence
    from vitral.augment.shadow import Shadow
    from vitral.augment.sharpen import Sharpen
    from vitral.augment.shear import Shear
    from vitral.augment.shuffle import Shuffle
    from vitral.augment.single import PairTransform, Transform
    from vitral.augment.snow import Snow
    from vitral.augment.solarize import Solarize
    from vitral.augment.some_of import SomeOf
    from vitral.augment.sometimes import Sometimes
    from vitral.augment.spatter import Spatter
    from vitral.augment.speckle_noise import SpeckleNoise
    from vitral.augment.sun_flare import SunFlare
    from vitral.augment.superpixels import Superpixels
    from vitral.augment.temperature import Temperature
    from vitral.augment.translate import Translate
    from vitral.augment.transpose import Transpose
    from vitral.augment.trivial_augment import TrivialAugment
    from vitral.augment.webp_artifacts import WebpArtifacts
    from vitral.augment.zoom_blur import ZoomBlur

__all__ = [
    "PRESETS",
    "Augmentation",
    "AutoAugment",
    "AutoContrast",
    "BilateralBlur",
    "BoxBlur",
    "Brightness",
    "CenterCrop",
    "ChannelDrop",
    "ChannelShuffle",
    "Choice",
    "Clahe",
    "CoarseDropout",
    "Constant",
    "Contrast",
    "CutMix",
    "Defocus",
    "Discrete",
    "Downscale",
    "Edges",
    "Emboss",
    "Equalize",
    "Flip",
    "FlipVertical",
    "Fog",
    "Gamma",
    "GaussianBlur",
    "GaussianNoise",
    "GlassBlur",
    "Grayscale",
    "GridMask",
    "Hue",
    "Invert",
    "IsoNoise",
    "JpegArtifacts",
    "KMeansColors",
    "LaplaceNoise",
    "Lighting",
    "MedianBlur",
    "MixUp",
    "MotionBlur",
    "Normal",
    "OneOf",
    "Op",
    "PairTransform",
    "Perspective",
    "PixelDropout",
    "Plan",
    "PoissonNoise",
    "Pooling",
    "Posterize",
    "QuantizeColors",
    "QuarterTurn",
    "Rain",
    "RandAugment",
    "RandomCrop",
    "RandomErasing",
    "RandomResizedCrop",
    "Rotate",
    "SaltAndPepper",
    "Saturation",
    "Scale",
    "Sepia",
    "Sequence",
    "Shadow",
    "Sharpen",
    "Shear",
    "Shift",
    "Shuffle",
    "Snow",
    "Solarize",
    "SomeOf",
    "Sometimes",
    "Spatter",
    "SpeckleNoise",
    "SunFlare",
    "Superpixels",
    "Temperature",
    "Transform",
    "Translate",
    "Transpose",
    "TrivialAugment",
    "Truncated",
    "Uniform",
    "Variable",
    "WebpArtifacts",
    "ZoomBlur",
    "preset",
]
