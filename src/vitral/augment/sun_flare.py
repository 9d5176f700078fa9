"""`sun-flare`: the sun shines into the lens."""

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

    strength: Param = option((0.4, 1.0), "of the glow at its middle", low=0, high=1)
    size: Param = option((0.2, 0.5), "of the glow, as a share of the shorter side", low=0.01, high=2)
    reflections: int = option(4, "circles of light beside the glow", low=0, high=20)
    p: float = option(0.3, "how often the sun shines into a picture", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one sun per picture."""
        strength, size = draw.value(self.strength, "strength"), draw.value(self.size, "size")
        x, y = draw.uniform("x"), draw.uniform("y", 0.0, 0.5)
        own = [draw.below(f"{number}") for number in range(self.reflections)]
        places = np.array([one.uniform("place", 0.3, 2.2) for one in own])
        sizes = np.array([one.uniform("size", 0.02, 0.09) for one in own])
        tints = np.array([[one.uniform(c, 0.3, 1.0) for c in ("red", "green", "blue")] for one in own])

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Multiply what each light leaves dark."""
            height, width = pixels.shape[:2]
            side = min(height, width)
            row = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)
            column = np.arange(width, dtype=np.float32) + np.float32(0.5)

            def away(along: float) -> NDArray[np.float32]:
                """Distances, in sides, from a place between the sun (0), the middle (1) and beyond."""
                at_x, at_y = x[i] + along * (0.5 - x[i]), y[i] + along * (0.5 - y[i])
                far = np.hypot(column - np.float32(at_x * width), row - np.float32(at_y * height))
                return (far / side).astype(np.float32)

            distance = away(0.0) / np.float32(size[i])
            glow = np.exp(-4 * distance**2) + np.float32(0.45) * np.exp(-1.5 * distance)
            dark = 1 - np.float32(strength[i]) * np.minimum(glow, 1)[..., None] * _SUN
            for number in range(self.reflections):
                radius = np.float32(sizes[number, i])
                inside = np.clip((radius - away(float(places[number, i]))) / (radius / 6), 0, 1)[..., None]
                tint = tints[number, :, i].astype(np.float32)
                dark *= 1 - np.float32(0.3 * strength[i]) * inside * tint
            return np.rint(255 - (255 - pixels) * np.clip(dark, 0, 1)).astype(np.uint8)

        return (Filter(op="sun-flare", chosen=np.asarray(draw.uniform("chosen") < self.p), apply=changed),)
