"""Augmentation: random changes of the training pictures, planned first and done in one pass."""

from vitral.augment.augmentation import Augmentation
from vitral.augment.auto_contrast import AutoContrast
from vitral.augment.brightness import Brightness
from vitral.augment.channel_shuffle import ChannelShuffle
from vitral.augment.clahe import Clahe
from vitral.augment.coarse_dropout import CoarseDropout
from vitral.augment.contrast import Contrast
from vitral.augment.cutmix import CutMix
from vitral.augment.equalize import Equalize
from vitral.augment.flip import Flip
from vitral.augment.flip_vertical import FlipVertical
from vitral.augment.gamma import Gamma
from vitral.augment.gaussian_blur import GaussianBlur
from vitral.augment.gaussian_noise import GaussianNoise
from vitral.augment.grayscale import Grayscale
from vitral.augment.hue import Hue
from vitral.augment.invert import Invert
from vitral.augment.jpeg_artifacts import JpegArtifacts
from vitral.augment.median_blur import MedianBlur
from vitral.augment.mixup import MixUp
from vitral.augment.motion_blur import MotionBlur
from vitral.augment.one_of import OneOf
from vitral.augment.op import Op
from vitral.augment.perspective import Perspective
from vitral.augment.plan import Plan
from vitral.augment.posterize import Posterize
from vitral.augment.quarter_turn import QuarterTurn
from vitral.augment.random_crop import RandomCrop
from vitral.augment.random_resized_crop import RandomResizedCrop
from vitral.augment.rotate import Rotate
from vitral.augment.salt_and_pepper import SaltAndPepper
from vitral.augment.saturation import Saturation
from vitral.augment.scale import Scale
from vitral.augment.sequence import Sequence
from vitral.augment.sharpen import Sharpen
from vitral.augment.shear import Shear
from vitral.augment.shift import Shift
from vitral.augment.shuffle import Shuffle
from vitral.augment.solarize import Solarize
from vitral.augment.some_of import SomeOf
from vitral.augment.sometimes import Sometimes
from vitral.augment.translate import Translate
from vitral.augment.transpose import Transpose
from vitral.augment.variables import Choice, Constant, Discrete, Normal, Truncated, Uniform, Variable

__all__ = [
    "Augmentation",
    "AutoContrast",
    "Brightness",
    "ChannelShuffle",
    "Choice",
    "Clahe",
    "CoarseDropout",
    "Constant",
    "Contrast",
    "CutMix",
    "Discrete",
    "Equalize",
    "Flip",
    "FlipVertical",
    "Gamma",
    "GaussianBlur",
    "GaussianNoise",
    "Grayscale",
    "Hue",
    "Invert",
    "JpegArtifacts",
    "MedianBlur",
    "MixUp",
    "MotionBlur",
    "Normal",
    "OneOf",
    "Op",
    "Perspective",
    "Plan",
    "Posterize",
    "QuarterTurn",
    "RandomCrop",
    "RandomResizedCrop",
    "Rotate",
    "SaltAndPepper",
    "Saturation",
    "Scale",
    "Sequence",
    "Sharpen",
    "Shear",
    "Shift",
    "Shuffle",
    "Solarize",
    "SomeOf",
    "Sometimes",
    "Translate",
    "Transpose",
    "Truncated",
    "Uniform",
    "Variable",
]
