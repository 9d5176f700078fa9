"""`box-safe-crop`: a random part that holds all boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.framing import boxes_on_canvas, random_parts, shown
from vitral.augment.stages import Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class BoxSafeCrop(Op, kind="box-safe-crop"):
    """A random part of the picture that holds all its boxes, brought to the input's size.

    Each side is cut off by a random share of what lies beyond the boxes. A picture without boxes is cut
    by `scale`. Where the shape is kept and boxes leave no room for that of the input, what lies beyond the
    picture is seen rather than that a box is cut off.
    """

    scale: tuple[float, float] = option(
        (0.35, 1.0), "share of the area that is left of a picture without boxes", low=0.01, high=1
    )
    p: float = option(1.0, "how often a picture is cropped", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw four shares per picture."""
        parts = random_parts(draw, frame, self.scale)
        held = parts.copy()
        whole = np.concatenate([np.zeros_like(frame.canvas), frame.canvas[:, ::-1]], axis=1)
        shares = np.stack([draw.uniform(side) for side in ("left", "top", "right", "bottom")], axis=1)
        for i, boxes in enumerate(boxes_on_canvas(frame)):
            if len(boxes):
                held[i] = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
                parts[i] = whole[i] + shares[i] * (held[i] - whole[i])
        chosen = draw.chosen(self.p)
        return (shown(frame, parts, held, op="box-safe-crop").only(chosen, frame.canvas),)
