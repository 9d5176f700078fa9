"""`random-resized-crop`: a random part of the picture, brought to the input's size."""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from vitral.augment.op import Op
from vitral.augment.plan import Plan
from vitral.core import Batch, OptionError, option


@dataclass(frozen=True, kw_only=True)
class RandomResizedCrop(Op, kind="random-resized-crop"):
    """A random part of the picture, brought to the input's size.

    A part that would not fit into the picture is made smaller at its own ratio, so that nothing
    is ever stretched beyond `ratio`.

    Raises:
        OptionError: the lower end of a range lies above its upper end.
    Source:
        Szegedy et al. 2015, arXiv:1409.4842, section 6. Departure: one draw and then shrinking
        to fit, where the usual code draws again up to ten times.
    """

    scale: tuple[float, float] = option(
        (0.35, 1.0), "smallest and largest share of the area", low=0.01, high=1
    )
    ratio: tuple[float, float] = option(
        (3 / 4, 4 / 3), "smallest and largest width / height, relative to the input's", low=0.1, high=10
    )

    zero = {"scale": (1.0, 1.0), "ratio": (1.0, 1.0)}  # noqa: RUF012

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("scale", "ratio"):
            low, high = getattr(self, name)
            if low > high:
                raise OptionError(
                    f"RandomResizedCrop.{name}: must be (low, high) with low <= high, got ({low:g}, {high:g})"
                )

    def sample(self, batch: Batch, plan: Plan) -> Plan:
        """Replace the region of each picture by a random one."""
        tall, wide = plan.sizes[:, 0], plan.sizes[:, 1]
        area = self.uniform(batch, "scale", *self.scale) * tall * wide
        ratio = np.exp(self.uniform(batch, "ratio", *map(math.log, self.ratio))) * plan.width / plan.height
        width, height = np.sqrt(area * ratio), np.sqrt(area / ratio)
        fit = np.minimum(1.0, np.minimum(wide / width, tall / height))
        width, height = width * fit, height * fit
        x0 = self.uniform(batch, "x") * (wide - width)
        y0 = self.uniform(batch, "y") * (tall - height)
        return dataclasses.replace(plan, box=np.stack([x0, y0, x0 + width, y0 + height], axis=1))
