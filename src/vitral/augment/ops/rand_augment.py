"""`rand-augment`: a few random ops, all at one strength."""

import functools
import math
from dataclasses import dataclass

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op, lower_in_turn
from vitral.augment.ops.one_of import OneOf
from vitral.augment.ops.policy_space import SMOOTH_PX, Ranges, policy_ops
from vitral.augment.stages import Stage
from vitral.augment.variables import Choice
from vitral.core import option

_STRONGEST = 30.0


@dataclass(frozen=True, kw_only=True)
class RandAugment(Op, kind="rand-augment"):
    """Give each picture n of 14 ops in turn, all at one strength; an op may come twice.

    Histogram ops have no strength: at magnitude 0 a picture is still equalized or stretched now and then.

    Source:
        Cubuk et al. 2019, arXiv:1909.13719, section 3, with the ranges of AutoAugment (arXiv:1805.09501,
        table 6). Departures: magnitude 30, not 10, is the end of these ranges, as in torchvision, and
        posterizing keeps 4 bits there; factors of brightness and contrast are drawn up to the strength;
        contrast is about the mean of all channels; "sharpness" is an unsharp mask or a Gaussian blur; what
        comes in from outside is reflected.
    """

    n: int = option(2, "ops that a picture gets", low=0, high=8, search=(1, 3))
    magnitude: float = option(9.0, "strength of all: 30 is the end", low=0, high=30, search=(3.0, 15.0))

    zero = {"n": 0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> tuple[Stage, ...]:
        """The stages of n times 14 ops, each for the pictures that get it."""
        return lower_in_turn((_one_of(self.magnitude),) * self.n, draw, frame)


@functools.lru_cache(maxsize=64)
def _one_of(magnitude: float) -> OneOf:
    share = magnitude / _STRONGEST
    ranges = Ranges(
        slant_deg=_either(math.degrees(math.atan(0.3 * share))),
        move=_either(0.45 * share),
        turn_deg=_either(30 * share),
        gain=0.9 * share,
        color=Choice(values=(1 - 0.9 * share, 1 + 0.9 * share)),
        sharper=0.9 * share,
        softer_px=SMOOTH_PX * share,
        bits=8 - float(round(4 * share)),
        threshold=256 * (1 - share),
    )
    return OneOf(ops=policy_ops(ranges))


def _either(number: float) -> Choice:
    return Choice(values=(-number, number))
