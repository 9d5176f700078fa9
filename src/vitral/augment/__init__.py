"""Augmentation: random changes of the training pictures, planned first and done in one pass."""

from typing import TYPE_CHECKING

from vitral.augment.augmentation import Augmentation
from vitral.augment.late import late_name as __getattr__  # noqa: F401
from vitral.augment.op import Op
from vitral.augment.ops.auto_augment import AutoAugment
from vitral.augment.ops.brightness import Brightness
from vitral.augment.ops.contrast import Contrast
from vitral.augment.ops.cutmix import CutMix
from vitral.augment.ops.flip import Flip
from vitral.augment.ops.mixup import MixUp
from vitral.augment.ops.random_resized_crop import RandomResizedCrop
from vitral.augment.ops.shift import Shift
from vitral.augment.plan import Plan
from vitral.augment.variables import Choice, Constant, Discrete, Normal, Truncated, Uniform, Variable

if TYPE_CHECKING:
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
    from vitral.augment.corruptions import CORRUPTIONS, corruption
    from vitral.augment.ops.affine_jitter import AffineJitter
    from vitral.augment.ops.augmix import AugMix
    from vitral.augment.ops.auto_contrast import AutoContrast
    from vitral.augment.ops.bilateral_blur import BilateralBlur
    from vitral.augment.ops.blend import Blend
    from vitral.augment.ops.box_blur import BoxBlur
    from vitral.augment.ops.box_safe_crop import BoxSafeCrop
    from vitral.augment.ops.canny import Canny
    from vitral.augment.ops.cartoon import Cartoon
    from vitral.augment.ops.center_crop import CenterCrop
    from vitral.augment.ops.channel_contrast import ChannelContrast
    from vitral.augment.ops.channel_drop import ChannelDrop
    from vitral.augment.ops.channel_shuffle import ChannelShuffle
    from vitral.augment.ops.clahe import Clahe
    from vitral.augment.ops.cloud_cover import CloudCover
    from vitral.augment.ops.coarse_dropout import CoarseDropout
    from vitral.augment.ops.convolve import Convolve
    from vitral.augment.ops.copy_paste import CopyPaste
    from vitral.augment.ops.count_noise import CountNoise
    from vitral.augment.ops.crop import Crop
    from vitral.augment.ops.crop_around_box import CropAroundBox
    from vitral.augment.ops.crop_to import CropTo
    from vitral.augment.ops.defocus import Defocus
    from vitral.augment.ops.directed_edges import DirectedEdges
    from vitral.augment.ops.downscale import Downscale
    from vitral.augment.ops.edges import Edges
    from vitral.augment.ops.elastic import Elastic
    from vitral.augment.ops.emboss import Emboss
    from vitral.augment.ops.equalize import Equalize
    from vitral.augment.ops.flip_vertical import FlipVertical
    from vitral.augment.ops.fog import Fog
    from vitral.augment.ops.frost import Frost
    from vitral.augment.ops.gamma import Gamma
    from vitral.augment.ops.gaussian_blur import GaussianBlur
    from vitral.augment.ops.gaussian_noise import GaussianNoise
    from vitral.augment.ops.glass_blur import GlassBlur
    from vitral.augment.ops.grayscale import Grayscale
    from vitral.augment.ops.grid_distortion import GridDistortion
    from vitral.augment.ops.grid_mask import GridMask
    from vitral.augment.ops.haze import Haze
    from vitral.augment.ops.hsv_shift import HsvShift
    from vitral.augment.ops.hue import Hue
    from vitral.augment.ops.invert import Invert
    from vitral.augment.ops.iso_noise import IsoNoise
    from vitral.augment.ops.jigsaw import Jigsaw
    from vitral.augment.ops.jpeg_artifacts import JpegArtifacts
    from vitral.augment.ops.k_means_colors import KMeansColors
    from vitral.augment.ops.laplace_noise import LaplaceNoise
    from vitral.augment.ops.lighting import Lighting
    from vitral.augment.ops.log_contrast import LogContrast
    from vitral.augment.ops.match_histogram import MatchHistogram, histogram_of
    from vitral.augment.ops.mean_shift_blur import MeanShiftBlur
    from vitral.augment.ops.median_blur import MedianBlur
    from vitral.augment.ops.mosaic import Mosaic
    from vitral.augment.ops.motion_blur import MotionBlur
    from vitral.augment.ops.offset import Offset
    from vitral.augment.ops.one_of import OneOf
    from vitral.augment.ops.optical_distortion import OpticalDistortion
    from vitral.augment.ops.pad import Pad
    from vitral.augment.ops.pad_to import PadTo
    from vitral.augment.ops.perspective import Perspective
    from vitral.augment.ops.piecewise_affine import PiecewiseAffine
    from vitral.augment.ops.pixel_dropout import PixelDropout
    from vitral.augment.ops.poisson_noise import PoissonNoise
    from vitral.augment.ops.polar_warp import PolarWarp
    from vitral.augment.ops.pooling import Pooling
    from vitral.augment.ops.posterize import Posterize
    from vitral.augment.ops.quantize_colors import QuantizeColors
    from vitral.augment.ops.quarter_turn import QuarterTurn
    from vitral.augment.ops.rain import Rain
    from vitral.augment.ops.rand_augment import RandAugment
    from vitral.augment.ops.random_crop import RandomCrop
    from vitral.augment.ops.random_erasing import RandomErasing
    from vitral.augment.ops.relief import Relief
    from vitral.augment.ops.rotate import Rotate
    from vitral.augment.ops.salt_and_pepper import SaltAndPepper
    from vitral.augment.ops.saturation import Saturation
    from vitral.augment.ops.scale import Scale
    from vitral.augment.ops.sepia import Sepia
    from vitral.augment.ops.sequence import Sequence
    from vitral.augment.ops.shadow import Shadow
    from vitral.augment.ops.sharpen import Sharpen
    from vitral.augment.ops.shear import Shear
    from vitral.augment.ops.shuffle import Shuffle
    from vitral.augment.ops.sigmoid_contrast import SigmoidContrast
    from vitral.augment.ops.snow import Snow
    from vitral.augment.ops.snowfall import Snowfall
    from vitral.augment.ops.snowy_landscape import SnowyLandscape
    from vitral.augment.ops.solarize import Solarize
    from vitral.augment.ops.some_of import SomeOf
    from vitral.augment.ops.sometimes import Sometimes
    from vitral.augment.ops.spatter import Spatter
    from vitral.augment.ops.speckle_noise import SpeckleNoise
    from vitral.augment.ops.stretch import Stretch
    from vitral.augment.ops.sun_flare import SunFlare
    from vitral.augment.ops.superpixels import Superpixels
    from vitral.augment.ops.swirl import Swirl
    from vitral.augment.ops.temperature import Temperature
    from vitral.augment.ops.trail_blur import TrailBlur
    from vitral.augment.ops.translate import Translate
    from vitral.augment.ops.transpose import Transpose
    from vitral.augment.ops.trivial_augment import TrivialAugment
    from vitral.augment.ops.uniform_noise import UniformNoise
    from vitral.augment.ops.voronoi import Voronoi
    from vitral.augment.ops.webp_artifacts import WebpArtifacts
    from vitral.augment.ops.with_channels import WithChannels
    from vitral.augment.ops.with_polar import WithPolar
    from vitral.augment.ops.zoom_blur import ZoomBlur
    from vitral.augment.presets import PRESETS, preset
    from vitral.augment.samples.single import PairTransform, Transform
    from vitral.augment.targets.backward import back_to_picture

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
