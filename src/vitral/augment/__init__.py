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
    from vitral.augment.affine_jitter import AffineJitter
    from vitral.augment.augmix import AugMix
    from vitral.augment.auto_contrast import AutoContrast
    from vitral.augment.backward import back_to_picture
    from vitral.augment.bilateral_blur import BilateralBlur
    from vitral.augment.blend import Blend
    from vitral.augment.blend_masks import (
        BlendMask,
        Checkerboard,
        Elementwise,
        Everywhere,
        FrequencyNoise,
        HorizontalGradient,
        InBoxes,
        RegularGrid,
        SmoothNoise,
        SomeColors,
        VerticalGradient,
    )
    from vitral.augment.box_blur import BoxBlur
    from vitral.augment.box_safe_crop import BoxSafeCrop
    from vitral.augment.canny import Canny
    from vitral.augment.cartoon import Cartoon
    from vitral.augment.center_crop import CenterCrop
    from vitral.augment.channel_contrast import ChannelContrast
    from vitral.augment.channel_drop import ChannelDrop
    from vitral.augment.channel_shuffle import ChannelShuffle
    from vitral.augment.clahe import Clahe
    from vitral.augment.cloud_cover import CloudCover
    from vitral.augment.coarse_dropout import CoarseDropout
    from vitral.augment.convolve import Convolve
    from vitral.augment.copy_paste import CopyPaste
    from vitral.augment.corruptions import CORRUPTIONS, corruption
    from vitral.augment.count_noise import CountNoise
    from vitral.augment.crop import Crop
    from vitral.augment.crop_around_box import CropAroundBox
    from vitral.augment.crop_to import CropTo
    from vitral.augment.defocus import Defocus
    from vitral.augment.directed_edges import DirectedEdges
    from vitral.augment.downscale import Downscale
    from vitral.augment.edges import Edges
    from vitral.augment.elastic import Elastic
    from vitral.augment.emboss import Emboss
    from vitral.augment.equalize import Equalize
    from vitral.augment.flip_vertical import FlipVertical
    from vitral.augment.fog import Fog
    from vitral.augment.frost import Frost
    from vitral.augment.gamma import Gamma
    from vitral.augment.gaussian_blur import GaussianBlur
    from vitral.augment.gaussian_noise import GaussianNoise
    from vitral.augment.glass_blur import GlassBlur
    from vitral.augment.grayscale import Grayscale
    from vitral.augment.grid_distortion import GridDistortion
    from vitral.augment.grid_mask import GridMask
    from vitral.augment.haze import Haze
    from vitral.augment.hsv_shift import HsvShift
    from vitral.augment.hue import Hue
    from vitral.augment.invert import Invert
    from vitral.augment.iso_noise import IsoNoise
    from vitral.augment.jigsaw import Jigsaw
    from vitral.augment.jpeg_artifacts import JpegArtifacts
    from vitral.augment.k_means_colors import KMeansColors
    from vitral.augment.laplace_noise import LaplaceNoise
    from vitral.augment.lighting import Lighting
    from vitral.augment.log_contrast import LogContrast
    from vitral.augment.match_histogram import MatchHistogram, histogram_of
    from vitral.augment.mean_shift_blur import MeanShiftBlur
    from vitral.augment.median_blur import MedianBlur
    from vitral.augment.mosaic import Mosaic
    from vitral.augment.motion_blur import MotionBlur
    from vitral.augment.offset import Offset
    from vitral.augment.one_of import OneOf
    from vitral.augment.optical_distortion import OpticalDistortion
    from vitral.augment.pad import Pad
    from vitral.augment.pad_to import PadTo
    from vitral.augment.perspective import Perspective
    from vitral.augment.piecewise_affine import PiecewiseAffine
    from vitral.augment.pixel_dropout import PixelDropout
    from vitral.augment.poisson_noise import PoissonNoise
    from vitral.augment.polar_warp import PolarWarp
    from vitral.augment.pooling import Pooling
    from vitral.augment.posterize import Posterize
    from vitral.augment.presets import PRESETS, preset
    from vitral.augment.quantize_colors import QuantizeColors
    from vitral.augment.quarter_turn import QuarterTurn
    from vitral.augment.rain import Rain
    from vitral.augment.rand_augment import RandAugment
    from vitral.augment.random_crop import RandomCrop
    from vitral.augment.random_erasing import RandomErasing
    from vitral.augment.relief import Relief
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
    from vitral.augment.sigmoid_contrast import SigmoidContrast
    from vitral.augment.single import PairTransform, Transform
    from vitral.augment.snow import Snow
    from vitral.augment.snowfall import Snowfall
    from vitral.augment.snowy_landscape import SnowyLandscape
    from vitral.augment.solarize import Solarize
    from vitral.augment.some_of import SomeOf
    from vitral.augment.sometimes import Sometimes
    from vitral.augment.spatter import Spatter
    from vitral.augment.speckle_noise import SpeckleNoise
    from vitral.augment.stretch import Stretch
    from vitral.augment.sun_flare import SunFlare
    from vitral.augment.superpixels import Superpixels
    from vitral.augment.swirl import Swirl
    from vitral.augment.temperature import Temperature
    from vitral.augment.trail_blur import TrailBlur
    from vitral.augment.translate import Translate
    from vitral.augment.transpose import Transpose
    from vitral.augment.trivial_augment import TrivialAugment
    from vitral.augment.uniform_noise import UniformNoise
    from vitral.augment.voronoi import Voronoi
    from vitral.augment.webp_artifacts import WebpArtifacts
    from vitral.augment.with_channels import WithChannels
    from vitral.augment.with_polar import WithPolar
    from vitral.augment.zoom_blur import ZoomBlur

__all__ = [
    "CORRUPTIONS",
    "PRESETS",
    "AffineJitter",
    "AugMix",
    "Augmentation",
    "AutoAugment",
    "AutoContrast",
    "BilateralBlur",
    "Blend",
    "BlendMask",
    "BoxBlur",
    "BoxSafeCrop",
    "Brightness",
    "Canny",
    "Cartoon",
    "CenterCrop",
    "ChannelContrast",
    "ChannelDrop",
    "ChannelShuffle",
    "Checkerboard",
    "Choice",
    "Clahe",
    "CloudCover",
    "CoarseDropout",
    "Constant",
    "Contrast",
    "Convolve",
    "CopyPaste",
    "CountNoise",
    "Crop",
    "CropAroundBox",
    "CropTo",
    "CutMix",
    "Defocus",
    "DirectedEdges",
    "Discrete",
    "Downscale",
    "Edges",
    "Elastic",
    "Elementwise",
    "Emboss",
    "Equalize",
    "Everywhere",
    "Flip",
    "FlipVertical",
    "Fog",
    "FrequencyNoise",
    "Frost",
    "Gamma",
    "GaussianBlur",
    "GaussianNoise",
    "GlassBlur",
    "Grayscale",
    "GridDistortion",
    "GridMask",
    "Haze",
    "HorizontalGradient",
    "HsvShift",
    "Hue",
    "InBoxes",
    "Invert",
    "IsoNoise",
    "Jigsaw",
    "JpegArtifacts",
    "KMeansColors",
    "LaplaceNoise",
    "Lighting",
    "LogContrast",
    "MatchHistogram",
    "MeanShiftBlur",
    "MedianBlur",
    "MixUp",
    "Mosaic",
    "MotionBlur",
    "Normal",
    "Offset",
    "OneOf",
    "Op",
    "OpticalDistortion",
    "Pad",
    "PadTo",
    "PairTransform",
    "Perspective",
    "PiecewiseAffine",
    "PixelDropout",
    "Plan",
    "PoissonNoise",
    "PolarWarp",
    "Pooling",
    "Posterize",
    "QuantizeColors",
    "QuarterTurn",
    "Rain",
    "RandAugment",
    "RandomCrop",
    "RandomErasing",
    "RandomResizedCrop",
    "RegularGrid",
    "Relief",
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
    "SigmoidContrast",
    "SmoothNoise",
    "Snow",
    "Snowfall",
    "SnowyLandscape",
    "Solarize",
    "SomeColors",
    "SomeOf",
    "Sometimes",
    "Spatter",
    "SpeckleNoise",
    "Stretch",
    "SunFlare",
    "Superpixels",
    "Swirl",
    "Temperature",
    "TrailBlur",
    "Transform",
    "Translate",
    "Transpose",
    "TrivialAugment",
    "Truncated",
    "Uniform",
    "UniformNoise",
    "Variable",
    "VerticalGradient",
    "Voronoi",
    "WebpArtifacts",
    "WithChannels",
    "WithPolar",
    "ZoomBlur",
    "back_to_picture",
    "corruption",
    "histogram_of",
    "preset",
]
