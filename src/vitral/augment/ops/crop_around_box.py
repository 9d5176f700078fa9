"""`crop-around-box`: one of the boxes, with something of what is around it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.framing import boxes_on_canvas, random_parts, shown
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class CropAroundBox(Op, kind="crop-around-box"):
    """One of the boxes of the picture, with something of what is around it, brought to the input's size.

    All boxes of a picture come alike, and a picture without boxes is cropped by `scale`. Where the shape
    is kept, more is shown on two sides.
    """

    context: Param = option(
        (0.0, 0.5), "what each side shows beyond the box, as a share of its height or width", low=0, high=20
    )
    scale: tuple[float, float] = option(
        (0.35, 1.0), "share of the area that is left of a picture without boxes", low=0.01, high=1
    )
    p: float = option(1.0, "how often a picture is cropped", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one box and the context of its four sides per picture."""
        parts, which = random_parts(draw, frame, self.scale), draw.uniform("box")
        held = parts.copy()
        names = ("left", "top", "right", "bottom")
        context = np.stack([draw.value(self.context, f"context.{side}") for side in names], axis=1)
        for i, boxes in enumerate(boxes_on_canvas(frame)):
            if len(boxes):
                box = boxes[int(which[i] * len(boxes))]
                beyond = context[i] * np.tile(box[2:] - box[:2], 2) * (-1, -1, 1, 1)
                held[i], parts[i] = box, np.clip(box + beyond, 0.0, np.tile(frame.canvas[i, ::-1], 2))
        chosen = draw.chosen(self.p)
        return (shown(frame, parts, held, op="crop-around-box").only(chosen, frame.canvas),)
