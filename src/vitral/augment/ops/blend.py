"""`blend`: what two branches make of a picture, one over the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.blend_masks import BlendMask, Everywhere
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.branch import Branch, check_branch
from vitral.augment.ops.invert import Invert
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Blend(Op, kind="blend"):
    """Blend what some ops make of a picture with what others make of it, or with the picture itself.

    A pixel becomes a x first + (1 - a) x other, where a is `weight` times what the mask says there. Both
    branches see the picture as it is at this place of the chain; what they make is rounded to bytes. Ops
    that move pixels belong before or behind: masks, boxes and points cannot go two ways.

    Raises:
        OptionError: an op of a branch moves pixels or mixes pictures.
    """

    ops: tuple[Op, ...] = option((), "the first branch, in turn")
    other: tuple[Op, ...] = option((), "the other branch; none: the picture as it is")
    weight: Param = option((0.0, 1.0), "of the first branch, where the mask is 1", low=0, high=1)
    mask: BlendMask = option(Everywhere(), "how the weight varies over a picture")
    p: float = option(1.0, "how often a picture is blended", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012
    example = {"ops": (Invert(p=1.0),)}  # noqa: RUF012

    def __post_init__(self) -> None:
        super().__post_init__()
        check_branch(self.ops, "Blend.ops")
        check_branch(self.other, "Blend.other")

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw the numbers of both branches, one weight per picture, and those of the mask."""
        if not self.ops and not self.other:
            return ()
        first = Branch.of(self.ops, draw.below("ops"), frame)
        other = Branch.of(self.other, draw.below("other"), frame)
        weight, mask = draw.value(self.weight, "weight"), self.mask.prepared(draw.below("mask"), frame)

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            share, behind = np.float32(weight[i]) * mask(pixels, i), other(pixels, i)
            over = first(pixels, i).astype(np.float32) - behind
            return np.rint(behind + share * over).astype(np.uint8)

        return (Filter(op="blend", chosen=draw.chosen(self.p), apply=changed),)
