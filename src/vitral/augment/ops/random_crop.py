"""`random-crop`: a random part of the input's size, not resized."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, part_of_canvas
from vitral.augment.op import Op
from vitral.augment.stages import Stage
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class RandomCrop(Op, kind="random-crop"):
    """A random part of each picture that has the input's size; of smaller pictures all, in the middle.

    Parts begin at whole pixels, so cropping alone resamples nothing.
    """

    spread: float = option(1.0, "how far from the center it may lie: 0 is the center", low=0, high=1)

    zero = {"spread": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one place per picture."""
        starts = []
        for name, size, room in (("x", frame.width, frame.wide), ("y", frame.height, frame.tall)):
            free = np.maximum(room - size, 0.0)
            place = 0.5 + self.spread * (draw.uniform(name) - 0.5)
            starts.append(
                np.where(room < size, (room - size) / 2, np.minimum(np.floor(place * (free + 1)), free))
            )
        wide, tall = (np.full(len(frame), float(size)) for size in (frame.width, frame.height))
        return (part_of_canvas(frame, starts[0], starts[1], wide, tall, op="random-crop"),)
