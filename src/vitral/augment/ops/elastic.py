"""`elastic`: as if pictures were printed on rubber."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.ops.fields import field
from vitral.augment.stages import Stage
from vitral.augment.variables import Param
from vitral.core import option

# Nodes along an axis. They lie so close that cubics between them are the field, as nearly as can be seen.
_COUNTS = (5, 9, 17, 33, 65, 129)
_SPACING = 0.6


@dataclass(frozen=True, kw_only=True)
class Elastic(Op, kind="elastic"):
    """Move every pixel a little, and neighbors alike: random moves, smoothed by a Gaussian.

    From alpha and sigma of other libraries, whose moves are alpha times smoothed numbers from [-1, 1]:
    the deviation is 0.163 * alpha / sigma. Above a third of sigma pictures begin to fold.

    Source:
        Simard, Steinkraus and Platt 2003, "Best practices for convolutional neural networks", section 2.
        Departure: the same smoothed noise, reflected at the borders, is made of its waves and then known
        at nodes; waves shorter than a 64th of the canvas are left out.
    """

    deviation_px: Param = option(
        (0.0, 4.0), "standard deviation of the moves along x and y", unit="px", low=0, high=1000
    )
    sigma_px: Param = option(16.0, "of the Gaussian: how far moves are alike", unit="px", low=0.5, high=1000)
    p: float = option(0.5, "how often a picture is bent", low=0, high=1)

    zero = {"deviation_px": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw how far and how smoothly per picture, and the waves of both."""
        far, sigma = draw.value(self.deviation_px, "deviation_px"), draw.value(self.sigma_px, "sigma_px")
        chosen = draw.chosen(self.p) & (far > 0)
        needed = 1 + frame.canvas.max(axis=1, initial=0.0) / (_SPACING * sigma)
        level = np.minimum(np.searchsorted(_COUNTS, needed), len(_COUNTS) - 1)
        fields = []
        # How many nodes a picture has must depend on no other picture: one field for each number of nodes.
        for k in np.unique(level[chosen] if chosen.any() else level[:1]).tolist():
            here, count = chosen & (level == k), _COUNTS[k]
            moves = np.zeros((len(frame), count, count, 2))
            for i in np.flatnonzero(here).tolist():
                moves[i] = far[i] * self._unit(draw, i, frame.canvas[i], float(sigma[i]), count)
            fields.append(field(frame, moves, here, op="elastic", smooth=True))
        return tuple(fields)

    def _unit(
        self, draw: Draw, i: int, canvas: Float[NDArray[np.float64], " hw=2"], sigma: float, count: int
    ) -> Float[NDArray[np.float64], "count count xy=2"]:
        """Smoothed noise of deviation 1 at the nodes of a canvas."""
        waves, number = _waves(count), np.arange(count)
        # The Gaussian's spectrum; the factor undoes what smoothing takes from the deviation of noise.
        tall, wide = (
            np.exp(-((np.pi * sigma / side * number) ** 2) / 2) * np.sqrt(2 * np.sqrt(np.pi) * sigma / side)
            for side in canvas
        )
        noise = draw.generators("moves")(i).standard_normal((2, count, count))
        return np.moveaxis(waves @ (noise * tall[:, None] * wide) @ waves.T, 0, 2)


@functools.cache
def _waves(count: int) -> Float[NDArray[np.float64], "nodes waves"]:
    """Cosines at nodes from edge to edge, each of power 1; reflected at the edges, they go on as they are."""
    waves = np.cos(np.pi * np.outer(np.linspace(0, 1, count), np.arange(count)))
    waves[:, 1:] *= np.sqrt(2)
    return waves
