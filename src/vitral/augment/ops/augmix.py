"""`augmix`: several short random chains and the picture itself, mixed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.auto_contrast import AutoContrast
from vitral.augment.ops.branch import Branch
from vitral.augment.ops.equalize import Equalize
from vitral.augment.ops.one_of import OneOf
from vitral.augment.ops.policy_space import Ranges, policy_ops
from vitral.augment.ops.posterize import Posterize
from vitral.augment.ops.rotate import Rotate
from vitral.augment.ops.shear import Shear
from vitral.augment.ops.solarize import Solarize
from vitral.augment.ops.translate import Translate
from vitral.augment.stages import Filter, Stage
from vitral.core import option

_USED = (AutoContrast, Equalize, Posterize, Rotate, Shear, Solarize, Translate)


@dataclass(frozen=True, kw_only=True)
class AugMix(Op, kind="augmix"):
    """Mix each picture with a mixture of what some short chains of random ops make of it.

    Masks, boxes and points stay with the picture as it was: the chains move pixels a little, each in
    another way, and the picture itself is always a part of the mixture.

    Source:
        Hendrycks et al. 2020, arXiv:1912.02781, algorithm 1, with the nine ops and strengths of the authors'
        code. Departures: the loss that compares two mixtures of one picture is not part of it; strengths are
        drawn from 0 on, not from 0.1; moves are shares of the sides; what comes in from outside is
        reflected, not black; geometry in a row is one interpolation.
    """

    chains: int = option(3, "how many are mixed", low=1, high=10)
    depth: int = option(3, "ops in a chain at most; each chain has from 1 to as many", low=1, high=6)
    severity: float = option(3.0, "strength of the ops at most", low=0, high=10)
    alpha: float = option(1.0, "of the Dirichlet and the Beta distribution of the weights", low=0.05, high=50)
    p: float = option(1.0, "how often a picture is mixed", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw depth, ops and weight of every chain, and what stays of the picture."""
        branches = [self._chain(draw.below(f"{chain}"), frame) for chain in range(self.chains)]
        weights = self.weights(draw)

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            mixture = weights[i, 0] * pixels
            for weight, branch in zip(weights[i, 1:], branches, strict=True):
                mixture += weight * branch(pixels, i)
            return np.clip(np.rint(mixture), 0, 255).astype(np.uint8)

        return (Filter(op="augmix", chosen=draw.chosen(self.p), apply=changed),)

    def weights(self, draw: Draw) -> Float[NDArray[np.float32], "b chains+1"]:
        """How much of each picture comes from itself, and then from each chain; they add up to 1."""
        from scipy.special import betaincinv, gammaincinv

        # Gamma variables over their sum are a Dirichlet one.
        parts = [gammaincinv(self.alpha, draw.uniform(f"part.{chain}")) for chain in range(self.chains)]
        parts = np.maximum(np.stack(parts, axis=1), 1e-30)
        itself = betaincinv(self.alpha, self.alpha, draw.uniform("itself"))[:, None]
        mixed = (1 - itself) * parts / parts.sum(axis=1, keepdims=True)
        return np.concatenate([itself, mixed], axis=1).astype(np.float32)

    def _chain(self, draw: Draw, frame: Frame) -> Branch:
        """One of the nine ops at every place, for the pictures whose chain is that long."""
        policy, here = OneOf(ops=_space(self.severity)), frame
        long = 1 + np.floor(self.depth * draw.uniform("depth"))
        stages: list[Stage] = []
        for place in range(self.depth):
            lowered = policy.lower(draw.below(f"{place}"), here)
            lowered = [stage.only(long > place, here.canvas) for stage in lowered]
            stages += lowered
            here = here.after(lowered)
        return Branch(stages, frame)


def _space(severity: float) -> tuple[Op, ...]:
    slant_deg = math.degrees(math.atan(0.03 * severity))
    ranges = Ranges(
        slant_deg=(-slant_deg, slant_deg),
        move=(-severity / 30, severity / 30),
        turn_deg=(-3 * severity, 3 * severity),
        gain=0.0,
        color=1.0,
        sharper=0.0,
        softer_px=0.0,
        # 4 bits less the whole part of what is drawn: numbers are rounded.
        bits=(max(1.0, 4.5 - 0.4 * severity), 4.5),
        threshold=(256 - 25.6 * severity, 256.0),
    )
    return tuple(op for op in policy_ops(ranges) if isinstance(op, _USED))
