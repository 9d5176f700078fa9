"""`channel-drop`: without one of red, green and blue."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Color, Stage
from vitral.augment.variables import Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class ChannelDrop(Op, kind="channel-drop"):
    """Set one channel of some pictures to one level."""

    level: Param = option(0.0, "what the channel becomes", low=0, high=255)
    p: float = option(0.2, "how often a picture loses a channel", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one channel per picture."""
        lost = np.floor(3 * draw.uniform("channel"))[:, None] == np.arange(3)
        matrix = np.where(lost[:, :, None], 0.0, np.eye(3, 4))
        matrix[:, :, 3] = lost * draw.value(self.level, "level")[:, None]
        color = Color.of(matrix, op="channel-drop")
        return (color.only(draw.chosen(self.p), frame.canvas),)
