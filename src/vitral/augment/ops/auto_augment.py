"""`auto-augment`: the policy that was searched for on ImageNet."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.auto_contrast import AutoContrast
from vitral.augment.ops.contrast import Contrast
from vitral.augment.ops.equalize import Equalize
from vitral.augment.ops.gaussian_blur import GaussianBlur
from vitral.augment.ops.invert import Invert
from vitral.augment.ops.one_of import OneOf
from vitral.augment.ops.policy_space import SMOOTH_PX
from vitral.augment.ops.posterize import Posterize
from vitral.augment.ops.rotate import Rotate
from vitral.augment.ops.saturation import Saturation
from vitral.augment.ops.sequence import Sequence
from vitral.augment.ops.sharpen import Sharpen
from vitral.augment.ops.shear import Shear
from vitral.augment.ops.solarize import Solarize
from vitral.augment.ops.sometimes import Sometimes
from vitral.augment.stages import Stage
from vitral.augment.variables import Choice
from vitral.core import option

# Two ops of each of the 25 sub-policies: name, how often, strength from 0 to 9.
_IMAGENET = """
posterize 0.4 8, rotate 0.6 9
solarize 0.6 5, auto-contrast 0.6 0
equalize 0.8 0, equalize 0.6 0
posterize 0.6 7, posterize 0.6 6
equalize 0.4 0, solarize 0.2 4
equalize 0.4 0, rotate 0.8 8
solarize 0.6 3, equalize 0.6 0
posterize 0.8 5, equalize 1.0 0
rotate 0.2 3, solarize 0.6 8
equalize 0.6 0, posterize 0.4 6
rotate 0.8 8, color 0.4 0
rotate 0.4 9, equalize 0.6 0
equalize 0.0 0, equalize 0.8 0
invert 0.6 0, equalize 1.0 0
color 0.6 4, contrast 1.0 8
rotate 0.8 8, color 1.0 2
color 0.8 8, solarize 0.8 7
sharpness 0.4 7, invert 0.6 0
shear-x 0.6 5, equalize 1.0 0
color 0.4 0, equalize 0.6 0
equalize 0.4 0, solarize 0.2 4
solarize 0.6 5, auto-contrast 0.6 0
invert 0.6 0, equalize 1.0 0
color 0.6 4, contrast 1.0 8
equalize 0.8 0, equalize 0.6 0
"""


def _either(number: float) -> Choice:
    return Choice(values=(-number, number))


def _sharpness(share: float) -> Op:
    blur, sharpen = (
        GaussianBlur(sigma_px=SMOOTH_PX * share, p=1.0),
        Sharpen(amount=0.9 * share, sigma_px=SMOOTH_PX, p=1.0),
    )
    return OneOf(ops=(sharpen, blur))


# From a strength, as a share of the strongest, to an op.
_OPS: Mapping[str, Callable[[float], Op]] = {
    "auto-contrast": lambda _: AutoContrast(p=1.0),
    "color": lambda share: Saturation(factor=Choice(values=(1 - 0.9 * share, 1 + 0.9 * share))),
    "contrast": lambda share: Contrast(strength=0.9 * share),
    "equalize": lambda _: Equalize(p=1.0),
    "invert": lambda _: Invert(p=1.0),
    "posterize": lambda share: Posterize(bits=8.0 - round(4 * share)),
    "rotate": lambda share: Rotate(deg=_either(30 * share)),
    "sharpness": _sharpness,
    "shear-x": lambda share: Shear(x_deg=_either(math.degrees(math.atan(0.3 * share))), y_deg=0.0),
    "solarize": lambda share: Solarize(threshold=256 * (1 - share)),
}


def _op(text: str) -> Op:
    name, often, strength = text.split()
    return Sometimes(ops=(_OPS[name](float(strength) / 9),), p=float(often))


_POLICY = OneOf(
    ops=tuple(Sequence(ops=tuple(map(_op, line.split(", ")))) for line in _IMAGENET.strip().splitlines())
)


@dataclass(frozen=True, kw_only=True)
class AutoAugment(Op, kind="auto-augment"):
    """Give each picture one of 25 pairs of ops that were searched for on ImageNet.

    Source:
        Cubuk et al. 2018, arXiv:1805.09501, table 9, with the ranges of table 6. Departures: strengths are
        as in torchvision, 9 the strongest; the factor of contrast is drawn up to the strength, about the
        mean of all channels; "sharpness" is an unsharp mask or a Gaussian blur; what comes in from outside
        is reflected.
    """

    p: float = option(1.0, "how often a picture gets a pair", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> tuple[Stage, ...]:
        """The stages of all 25 pairs, each for the pictures that get it."""
        chosen = draw.chosen(self.p)
        return tuple(stage.only(chosen, frame.canvas) for stage in _POLICY.lower(draw, frame))
