"""`channel-shuffle`: red, green and blue change places."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Color, Stage
from vitral.core import option

_ORDERS = np.array([np.eye(3, 4)[list(order)] for order in itertools.permutations(range(3))])


@dataclass(frozen=True, kw_only=True)
class ChannelShuffle(Op, kind="channel-shuffle"):
    """Red, green and blue of some pictures change places, in one of the five other orders."""

    p: float = option(0.5, "how often channels change places", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one order per picture."""
        order = 1 + np.floor(5 * draw.uniform("order")).astype(np.int64)
        color = Color.of(_ORDERS[order], op="channel-shuffle")
        return (color.only(draw.chosen(self.p), frame.canvas),)
