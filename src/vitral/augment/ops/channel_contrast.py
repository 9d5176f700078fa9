"""`channel-contrast`: each channel flatter or harder."""

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
class ChannelContrast(Op, kind="channel-contrast"):
    """Move the levels of each channel away from the channel's own mean, or toward it.

    The means are over what the network will see. `Contrast` has one mean for all channels: without
    contrast its pictures are grey, and these have the mean color.

    Source:
        Hendrycks and Dietterich 2019, arXiv:1903.12261, section 3, "contrast".
    """

    factor: Param = option((0.5, 1.5), "distance from the mean, relative to before", low=0, high=10)

    zero = {"factor": 1.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one factor per picture."""
        factor = draw.value(self.factor, "factor")[:, None, None]
        return (
            Color(op="channel-contrast", matrix=factor * np.eye(3, 4), of_means=(1 - factor) * np.eye(3)),
        )
