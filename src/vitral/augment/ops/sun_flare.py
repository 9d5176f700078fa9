"""`sun-flare`: the sun shines into the lens."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Param
from vitral.core import option

_SUN = np.array([1.0, 0.96, 0.84], np.float32)


@dataclass(frozen=True, kw_only=True)
class SunFlare(Op, kind="sun-flare"):
    """Let the sun shine into the lens: a glow, and reflections on the line from it through the middle.

    Light is added as on film: what is bright already gains least.
    """

    strength: Param = option(
        (0.4, 1.0), "of the glow; from 0.63 on its middle is as bright as can be", low=0, high=1
    )
    size: Param = option((0.2, 0.5), "of the glow, as a share of the shorter side", low=0.01, high=2)
    reflections: int = option(4, "circles of light beside the glow", low=0, high=20)
    p: float = option(0.3, "how often the sun shines into a picture", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one sun per picture."""
        strength, size = draw.value(self.strength, "strength"), draw.value(self.size, "size")
        x, y = draw.uniform("x"), draw.uniform("y", 0.0, 0.5)
        own = [draw.below(f"{number}") for number in range(self.reflections)]
        places = np.array([one.uniform("place", 0.3, 2.2) for one in own]).reshape(len(own), len(frame))
        sizes = np.array([one.uniform("size", 0.02, 0.09) for one in own]).reshape(len(own), len(frame))
        tints = np.array([[one.uniform(c, 0.3, 1.0) for c in ("red", "green", "blue")] for one in own])
        tints = tints.reshape(len(own), 3, len(frame))

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Multiply what each light leaves dark."""
            from vitral.augment.kernels.lights import shine

            height, width = pixels.shape[:2]
            side, at = min(height, width), np.array([x[i], y[i]])
            distance = np.arange(math.ceil(math.hypot(height, width)) + 3) / (side * size[i])
            glow = 1.1 * np.exp(-5 * distance**2) + 0.5 * np.exp(-1.2 * distance)
            # Places between the sun (0), the middle (1) and beyond.
            there = (at + places[:, i, None] * (0.5 - at)) * (width, height)
            radius = sizes[:, i, None] * side
            circles = np.concatenate([there, radius, radius / 6, 0.5 * strength[i] * tints[:, :, i]], axis=1)
            source, made = np.ascontiguousarray(pixels).reshape(-1), np.empty(pixels.shape, np.uint8)
            shine(
                source,
                float(x[i] * width),
                float(y[i] * height),
                np.minimum(strength[i] * glow, 1).astype(np.float32),
                circles.astype(np.float32),
                _SUN,
                made.reshape(height, 3 * width),
            )
            return made

        return (Filter(op="sun-flare", chosen=draw.chosen(self.p), apply=changed),)
