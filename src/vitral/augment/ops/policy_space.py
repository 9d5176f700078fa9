"""The 14 ops that policies choose from, with the ranges of one policy."""

from dataclasses import dataclass

from vitral.augment.op import Op
from vitral.augment.ops.auto_contrast import AutoContrast
from vitral.augment.ops.brightness import Brightness
from vitral.augment.ops.contrast import Contrast
from vitral.augment.ops.equalize import Equalize
from vitral.augment.ops.gaussian_blur import GaussianBlur
from vitral.augment.ops.one_of import OneOf
from vitral.augment.ops.posterize import Posterize
from vitral.augment.ops.rotate import Rotate
from vitral.augment.ops.saturation import Saturation
from vitral.augment.ops.sequence import Sequence
from vitral.augment.ops.sharpen import Sharpen
from vitral.augment.ops.shear import Shear
from vitral.augment.ops.solarize import Solarize
from vitral.augment.ops.translate import Translate
from vitral.augment.variables import Param

SMOOTH_PX = 0.68
"""Standard deviation of the kernel by which Pillow's sharpness is defined: (1 1 1, 1 5 1, 1 1 1) / 13."""


@dataclass(frozen=True, kw_only=True)
class Ranges:
    """How far each op goes.

    Args:
        slant_deg: of shears.
        move: of translations, as a share of the side.
        turn_deg: of rotations.
        gain: brightness and contrast are multiplied by 1 - gain to 1 + gain.
        color: factor of saturation.
        sharper: amount of sharpening.
        softer_px: standard deviation of the blur.
        bits: that posterizing keeps.
        threshold: from which level on is inverted.
    """

    slant_deg: Param
    move: Param
    turn_deg: Param
    gain: float
    color: Param
    sharper: Param
    softer_px: Param
    bits: Param
    threshold: Param


def policy_ops(ranges: Ranges) -> tuple[Op, ...]:
    """Identity, five of geometry, four of tone, two of levels, two of histograms: 14 ops."""
    blur, sharpen = (
        GaussianBlur(sigma_px=ranges.softer_px, p=1.0),
        Sharpen(amount=ranges.sharper, sigma_px=SMOOTH_PX, p=1.0),
    )
    return (
        Sequence(),
        Shear(x_deg=ranges.slant_deg, y_deg=0.0),
        Shear(x_deg=0.0, y_deg=ranges.slant_deg),
        Translate(x=ranges.move, y=0.0),
        Translate(x=0.0, y=ranges.move),
        Rotate(deg=ranges.turn_deg),
        Brightness(strength=ranges.gain),
        Contrast(strength=ranges.gain),
        Saturation(factor=ranges.color),
        OneOf(ops=(sharpen, blur)),
        Posterize(bits=ranges.bits),
        Solarize(threshold=ranges.threshold),
        AutoContrast(p=1.0),
        Equalize(p=1.0),
    )
