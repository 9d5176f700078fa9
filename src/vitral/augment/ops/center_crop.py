"""`center-crop`: the middle of the picture."""

from collections.abc import Sequence
from dataclasses import dataclass

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, part_of_canvas
from vitral.augment.op import Op
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class CenterCrop(Op, kind="center-crop"):
    """Only the middle of each picture is left: a share of its height and of its width."""

    share: Param = option((0.7, 1.0), "of each side that is left", low=0.01, high=1)

    zero = {"share": 1.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one share per picture."""
        share = draw.value(self.share, "share")
        tall, wide = share * frame.tall, share * frame.wide
        x, y = (frame.wide - wide) / 2, (frame.tall - tall) / 2
        return (part_of_canvas(frame, x, y, wide, tall, op="center-crop"),)
