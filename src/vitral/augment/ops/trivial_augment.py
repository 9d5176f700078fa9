"""`trivial-augment`: one random op at a random strength."""

import math
from dataclasses import dataclass

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.one_of import OneOf
from vitral.augment.ops.policy_space import SMOOTH_PX, Ranges, policy_ops
from vitral.augment.stages import Stage
from vitral.augment.variables import Discrete
from vitral.core import option

_SLANT_DEG = math.degrees(math.atan(0.99))
_SPACE = policy_ops(
    Ranges(
        slant_deg=(-_SLANT_DEG, _SLANT_DEG),
        move=(-1 / 7, 1 / 7),
        turn_deg=(-135.0, 135.0),
        gain=0.99,
        color=(0.01, 1.99),
        sharper=(0.0, 0.99),
        softer_px=(0.0, SMOOTH_PX),
        bits=Discrete(low=2, high=8),
        threshold=(0.0, 256.0),
    )
)
_POLICY = OneOf(ops=_SPACE)


@dataclass(frozen=True, kw_only=True)
class TrivialAugment(Op, kind="trivial-augment"):
    """Give each picture one of 14 ops, at a random strength: nothing is tuned.

    Source:
        Müller and Hutter 2021, arXiv:2103.10158, algorithm 1 with the wide space of table 1. Departures:
        strengths are drawn from the whole range, not from 31 of it, and shears alike in the angle, not in
        its tangent; moves are of 1/7 of the side (32 of 224 pixels) at most, whatever the size; contrast
        is about the mean of all channels; "sharpness" is an unsharp mask or a Gaussian blur; what comes in
        from outside is reflected, not black.
    """

    p: float = option(1.0, "how often a picture gets an op", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> tuple[Stage, ...]:
        """The stages of all 14, each for the pictures that get it."""
        chosen = draw.chosen(self.p)
        return tuple(stage.only(chosen, frame.canvas) for stage in _POLICY.lower(draw, frame))
