"""`flip`: mirror pictures left to right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, mirrored
from vitral.augment.op import Op
from vitral.augment.stages import Stage
from vitral.core import OptionError, option, uniform


@dataclass(frozen=True, kw_only=True)
class Flip(Op, kind="flip"):
    """Mirror pictures left to right.

    Raises:
        OptionError: `alternate` together with a `p` other than 0.5.
    Source:
        Jordan 2024, arXiv:2404.00498, section 3.6, for `alternate`.
    """

    p: float = option(0.5, "how often a picture is mirrored", low=0, high=1)
    alternate: bool = option(False, "mirror every picture in every other epoch, the first at random")

    zero = {"p": 0.0}  # noqa: RUF012

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.alternate and self.p != 0.5:
            raise OptionError(f"Flip.p: must be 0.5 when alternate is on, got {self.p:g}")

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Mirror some pictures."""
        batch = draw.batch
        if self.alternate:
            first = uniform(batch.seed, 0, batch.draws, "flip.first") < 0.5
            chosen = first ^ bool(batch.epoch % 2)
        else:
            chosen = draw.uniform("flip") < self.p
        return (mirrored(frame, np.asarray(chosen), axis=0, op="flip"),)
